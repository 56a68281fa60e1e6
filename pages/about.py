"""About: what runs here, what it may use, and what it keeps."""

from attnviz.ui.about import about

about()
