"""Runtime: what one process may use, who computes next, and what is cached."""
