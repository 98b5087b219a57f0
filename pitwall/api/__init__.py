"""The front door for programs: JSON routes, their errors and their documentation."""
