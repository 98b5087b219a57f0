"""Accounts: who may come in and how he proves it. Knows neither HTTP nor SQL."""
