"""Parts of pages: each draws rows and holds no state."""
