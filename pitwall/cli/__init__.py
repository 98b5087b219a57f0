"""Define the command line of pitwall, a module for each command."""
