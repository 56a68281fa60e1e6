"""The user interface: all that knows Streamlit, besides app.py and pages/.

Where it is imported is a server, with the limits that its settings set.
"""

from attnviz.runtime.limits import limits_are
from attnviz.runtime.settings import settings

limits_are(settings)
