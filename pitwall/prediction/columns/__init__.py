"""What the features are computed from: hundreds of columns of a battle, from the race state alone.

`pitwall.prediction.features` is the way in; every other module answers one question.
"""
