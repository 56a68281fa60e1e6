"""Training: small encoders on small tasks, in seconds, with every step kept in view."""
