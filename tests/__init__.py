"""Tests, in four tiers: no model, tiny random models, the embedded model, Chromium.

One thread for NumPy's matrices, as in the app (attnviz/ui/__init__.py): this is imported first.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
