"""Kept races played again, each viewer at his own moment: films, projectors and the desk."""
