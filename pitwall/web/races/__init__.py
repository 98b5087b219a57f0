"""The page that lists stored races."""
