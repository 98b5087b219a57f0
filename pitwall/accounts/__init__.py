"""Manage accounts: users, log-ins, passwords and API keys, independent of HTTP and SQL."""
