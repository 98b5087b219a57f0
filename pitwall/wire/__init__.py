"""The wire: raw messages as feeds send them, and their one pure decoder."""
