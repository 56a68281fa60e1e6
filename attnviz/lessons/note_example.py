"""The note's own numbers from whole matrices in the note's shapes: 112, 96 → 14, 12.

Two words of width 4, projected to width 3. The divisor 8 is the note's: √64, the width of a
head in Vaswani et al. 2017, §3.2.2, though the note draws 3 cells.
"""

import numpy as np

SENTENCE = (
    "The Law will never be perfect , but its application should be just - this is what "
    "we are missing , in my opinion ."
)
WORDS = ("Thinking", "Machines")
X = np.array([[1, 0, 1, 0], [0, 1, 0, 1]])
W_Q = np.array([[5, 2, 1], [2, -3, 2], [3, 2, 3], [2, 1, 3]])
W_K = np.array([[4, 5, 3], [3, 1, 5], [2, 3, 5], [3, 3, 3]])
W_V = np.array([[2, 0, 1], [0, 1, 1], [0, 2, 1], [1, 3, 0]])
D_K = 64
DIVISOR = 8
