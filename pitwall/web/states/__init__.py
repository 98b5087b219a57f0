"""What a tab shows: one state for each page."""
