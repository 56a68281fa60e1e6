"""Our own small models: what they read, how they are built, and how they are loaded."""
