"""The live page, and the components of a race view that the replay page shares."""
