"""Parts that several pages use: rows of a race, the relay to tabs, navigation, charts, errors."""
