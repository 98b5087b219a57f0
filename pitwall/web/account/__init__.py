"""The pages to log in, to register, and of one's own account."""
