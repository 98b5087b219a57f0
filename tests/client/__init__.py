"""Test the Python client."""
