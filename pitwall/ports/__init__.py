"""Define the interfaces that the core needs from the outside: a Protocol for each adapter."""
