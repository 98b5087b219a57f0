"""Small pictures of the live race for other people's pages and for streaming programs."""
