"""Models: the catalogue, loading, the families, and the hooks that capture listens at."""
