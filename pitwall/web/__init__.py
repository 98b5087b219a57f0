"""The web pages: states, pages and components in Reflex."""
