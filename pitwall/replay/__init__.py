"""Play stored races again, for many viewers, each at a moment of their own."""
