"""The API for programs: JSON routes, their errors and their documentation."""
