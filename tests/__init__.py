"""Tests, in four tiers: no model, tiny random models, the embedded model, Chromium."""
