"""What the core needs from the outside world: one Protocol for each adapter, by subject."""
