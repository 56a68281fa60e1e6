"""Text as data: what Plotly would read as markup is shown as it was typed."""


def plotly_text(text: str) -> str:
    """`text` so that Plotly draws it literally: no tags, no entities, no templates.

    Plotly reads `<b>`, `<a href>`, entities and, in hover texts, `%{…}`.
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("%{", "%\u200b{").replace("$", "&#36;")
