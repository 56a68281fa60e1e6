"""The budget: what one process may use, and how many may use it at once."""
