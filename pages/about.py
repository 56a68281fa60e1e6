"""About: what runs here, what it may use, and what it keeps."""

from attnviz.ui.pages.about import about

about()
