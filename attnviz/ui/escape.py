"""Text as data: what Streamlit would read as Markdown is shown as it was typed."""

import string


def markdown_text(text: str) -> str:
    """`text` so that Markdown, HTML, LaTeX, icons and bare addresses stay literal."""
    escaped = "".join(f"\\{c}" if c in string.punctuation else c for c in text)
    return escaped.replace("\n", " ").replace("\r", " ")
