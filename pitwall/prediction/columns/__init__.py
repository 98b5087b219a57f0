"""Compute the columns of the feature matrix, hundreds for each battle, from the race state alone.

`pitwall.prediction.features` joins the columns; each module here computes those of one subject.
"""
