"""The server around the pages: start, guard, sessions, files."""
