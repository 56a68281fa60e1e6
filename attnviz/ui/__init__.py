"""The user interface: all that knows Streamlit, besides app.py and pages/.

Where it is imported is a server, with the limits that its settings set.
"""

import os

# Many sessions share few cores: one thread for each computation serves them best, and
# threads that wait for one another are slowest of all. NumPy reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from attnviz.runtime.limits import limits_are
from attnviz.runtime.settings import settings

limits_are(settings)
