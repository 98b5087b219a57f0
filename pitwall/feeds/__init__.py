"""Read messages from feeds: one package for each kind of feed, and modules that they share."""
