"""The composition root: settings, the database, the feed that plays, and the server process."""
