"""Train: a small encoder of our own, trained before your eyes."""

from attnviz.ui.pages.train import train_page

train_page()
