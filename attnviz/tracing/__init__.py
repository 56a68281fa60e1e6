"""Tracing: one sentence through one model, every head of every layer kept."""
