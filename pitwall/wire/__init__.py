"""Define the raw messages that feeds send, and decode them."""
