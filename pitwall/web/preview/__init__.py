"""What other programs show of a link to this server: words in the page's head, and a picture."""
