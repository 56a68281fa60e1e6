"""The first paint: the look of the pages comes with the page itself.

Sent by the script, the style sheet would come after what it styles, and everything would move
when it does.
"""

from functools import cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from attnviz.pictures import style
from attnviz.ui.server.paths import ASSETS

_END = b"</body>"  # after the head, where Streamlit puts styles that ours must outdo
_OF_THE_FILE = ("etag", "last-modified")  # the style sheet may change where the file does not


@cache
def style_element() -> str:
    """The style of all pages: the colours as variables, and then what uses them."""
    return f"<style>{style.for_pages()}{(ASSETS / 'page.css').read_text('utf-8')}</style>"


@cache
def presenter_style() -> str:
    """What the page around a presented lesson looks like."""
    return f"<style>{(ASSETS / 'presenter.css').read_text('utf-8')}</style>"


class Look:
    """Puts the style sheet into each HTML page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.style = style_element().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = Headers(scope=scope) if scope["type"] == "http" else {}
        if "text/html" not in headers.get("accept", ""):
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        body = bytearray()

        async def styled(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif start is None or message["type"] != "http.response.body":
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    await self._finish(start, bytes(body), send)

        # Compressed on the way in, it could not be read; it is compressed on the way out.
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app({**scope, "headers": plain}, receive, styled)

    async def _finish(self, start: Message, body: bytes, send: Send) -> None:
        body = body.replace(_END, self.style + _END, 1)
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(body))
        for name in _OF_THE_FILE:
            if name in headers:
                del headers[name]
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _is_page(start: Message) -> bool:
    kind = MutableHeaders(scope=start).get("content-type", "")
    return start["status"] == 200 and kind.startswith("text/html")
