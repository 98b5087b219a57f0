"""The composition root: settings, the database, what plays, and the server process."""
