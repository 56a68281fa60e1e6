"""What every page shares: its frame, and the way from one page to the next."""

from attnviz.ui import page

page.begin().run()
