"""The wide feature set: some three hundred columns of a battle, from the race state alone.

`pitwall.prediction.wide.matrix` is the way in; every other module answers one question.
"""
