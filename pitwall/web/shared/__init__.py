"""Share parts between pages: rows of a race, the relay to tabs, navigation, charts, errors."""
