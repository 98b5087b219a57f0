"""The front door for people: states, pages and components in Reflex."""
