"""Analysis: numbers from attention weights. NumPy in, NumPy out."""
