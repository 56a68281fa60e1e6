"""What counts as moved."""

LIMIT = 0.05  # 1 − cosine that counts as moved
