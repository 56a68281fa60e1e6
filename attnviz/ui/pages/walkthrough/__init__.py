"""The Walkthrough page, mode by mode."""
