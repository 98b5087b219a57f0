"""Where messages come from: one module or package for each kind of feed."""
