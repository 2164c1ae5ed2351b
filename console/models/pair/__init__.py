"""Two versions held against each other: what differs, and how both judge the same loans."""
