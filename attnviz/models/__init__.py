"""Models: the catalogue, loading, the families, and the seam that capture listens at."""
