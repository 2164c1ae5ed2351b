"""Elements that pages are built from: tables, charts, times, downloads, and the theme with every colour."""
