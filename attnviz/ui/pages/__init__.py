"""The pages: each reads its state, calls the core and shows."""
