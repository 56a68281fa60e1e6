"""Core: the records that everything speaks in, as NumPy arrays: tokens, heads, traces, maps."""
