"""Tests in real Chromium, against the real app."""
