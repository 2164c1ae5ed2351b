"""The frame of every page: server, navigation, dialogs, actions and the queries that pages share."""
