"""What attnviz costs, as ratios measured in one run."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the app does: attnviz/ui/__init__.py
