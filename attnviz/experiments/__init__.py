"""Experiments: a model is run again, changed, to answer a question about a trace."""
