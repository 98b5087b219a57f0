"""Wire the application together: settings, the database, the feed that plays, and the server."""
