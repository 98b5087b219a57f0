"""Estimate the charge and the energy use of a car's battery from the feed.

No feed measures either, so everything here is an estimate with an uncertainty. `docs/energy.md`
describes the model; `pitwall.prediction.columns.energy` makes columns of it.
"""
