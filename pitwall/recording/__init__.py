"""Write races to the store while they run, or from a recording of a finished one."""
