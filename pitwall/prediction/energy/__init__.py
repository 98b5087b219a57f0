"""What a car's battery holds and what it spends, estimated from what the feed tells.

No channel of the feed says either: everything here is an estimate with its uncertainty.
`docs/energy.md` has the model; `pitwall.prediction.columns.energy` makes columns of it.
"""
