"""Text as data: what Streamlit would read as Markdown is shown as it was typed."""

import re
import string

# Addresses and signs such as -> are found after the escapes are gone. An invisible word joiner
# inside them keeps them as they are.
_JOINER = "\u2060"
_FOUND_LATER = re.compile(
    r"(?<=:)(?=//) | (?<=www)(?=\.) | (?<=@) | (?<=-)(?=[->]) | (?<=<)(?=-) | (?<=[<>~!])(?==)",
    re.IGNORECASE | re.VERBOSE,
)


def markdown_text(text: str) -> str:
    """`text` so that Markdown, HTML, LaTeX, icons and bare addresses stay literal."""
    joined = _FOUND_LATER.sub(_JOINER, text)
    escaped = "".join(f"\\{c}" if c in string.punctuation else c for c in joined)
    return escaped.replace("\n", " ").replace("\r", " ")
