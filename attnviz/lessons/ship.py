"""Writes the trace that comes with the package: `make opening`."""

import sys

from attnviz.capture.run import trace
from attnviz.lessons.note_example import SENTENCE
from attnviz.lessons.note_trace import FILE, as_file


def main() -> None:
    """Run the note's sentence through the embedded model and write what it showed."""
    FILE.write_bytes(as_file(trace(SENTENCE)))
    sys.stdout.write(f"{FILE.name}: {FILE.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
