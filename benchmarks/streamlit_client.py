"""A client of Streamlit's own websocket protocol: it opens a page as a browser does.

A browser connects to `/_stcore/stream` with the subprotocol `streamlit` and asks for a run of
the script by one BackMsg: the query string, and what the browser says about itself. The server
answers with ForwardMsgs: `new_session` when a run begins, a `delta` for each block and element
with the path of its place, `script_finished` at the end. A message comes as a `ref_hash` only
if the browser says that it has kept it (`cached_message_hashes`); a new browser has kept none.
A download button brings the name of a file that is made when the browser asks for it.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

PATIENCE_S = 120.0
MARGIN_S = 5.0


@dataclass(slots=True)
class Page:
    """What a session has received of one run of the script."""

    kinds: Counter[str] = field(default_factory=Counter)
    packets: dict[str, bytes] = field(default_factory=dict)  # by the component's name
    errors: list[str] = field(default_factory=list)
    drawers: dict[str, str] = field(default_factory=dict)  # by their key: the widget's id
    files: dict[str, str] = field(default_factory=dict)  # by their button's label, to be asked for

    def take(self, element: Element) -> None:
        """Add one element."""
        kind = element.WhichOneof("type") or ""
        self.kinds[kind] += 1
        if kind == "bidi_component":
            self.packets[element.bidi_component.component_name] = element.bidi_component.bytes
        elif kind == "download_button":
            self.files[element.download_button.label] = element.download_button.deferred_file_id
        elif kind == "exception":
            self.errors.append(f"exception {element.exception.type}".rstrip())
        elif kind == "alert" and element.alert.format == Alert.ERROR:
            self.errors.append(f"error: {element.alert.body}")


class Session:
    """One browser tab."""

    def __init__(self, address: str, query: str = "", page: str = "") -> None:
        self.address = address
        self.query = query
        self.name = page  # as it stands in the address; empty: the first one
        self.page = Page()
        self.seconds = 0.0  # from starting to connect to the end of the run
        self.problem = ""  # why the run did not come to its end
        self._connection: ClientConnection | None = None
        self._id = ""  # as the server names the session
        self._opened: list[str] = []  # drawers

    async def open(self) -> None:
        """Connect, ask for the page, and read until the script has finished."""
        start = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._read(await self._connect())
        except TimeoutError:
            self.problem = f"not finished after {PATIENCE_S:.0f} s"
        except (OSError, WebSocketException) as problem:
            self.problem = f"connection: {problem}"
        self.seconds = time.perf_counter() - start

    async def open_drawer(self, key: str) -> None:
        """Open a drawer of the page, and read until the script has finished again."""
        if self._connection is None or key not in self.page.drawers:
            self.problem = self.problem or f"no drawer {key}"
            return
        self._opened.append(self.page.drawers[key])
        await self._connection.send(self._request())
        async with asyncio.timeout(PATIENCE_S):
            await self._read(self._connection)

    async def ask_for_files(self, file: str, count: int) -> list[str]:
        """Ask for a file so often at once; what is answered each time: an error, or nothing."""
        if self._connection is None:
            return []
        for number in range(count):
            message = BackMsg()
            asked = message.backend_operation_request
            asked.request_id, asked.session_id = str(number), self._id
            asked.deferred_file.file_id = file
            await self._connection.send(message.SerializeToString())
        said: list[str] = []
        while len(said) < count:
            heard = ForwardMsg.FromString(await self._connection.recv(decode=False))
            if heard.WhichOneof("type") == "backend_operation_response":
                said.append(heard.backend_operation_response.error_msg)
        return said

    async def close(self) -> None:
        """Close the tab."""
        if self._connection is not None:
            await self._connection.close()

    async def _connect(self) -> ClientConnection:
        self._connection = await connect(
            f"ws{self.address.removeprefix('http')}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            open_timeout=PATIENCE_S + MARGIN_S,  # `open` holds the limit
            ping_interval=None,
            max_size=None,
            proxy=None,
        )
        await self._connection.send(self._request())
        return self._connection

    def _request(self) -> bytes:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string = self.query
        asked.page_name = self.name
        for drawer in self._opened:
            state = asked.widget_states.widgets.add(id=drawer)
            state.bool_value = True
        asked.context_info.url = f"{self.address}/{self.name}"
        asked.context_info.locale = "en-US"
        asked.context_info.timezone = "UTC"
        asked.context_info.timezone_offset = 0
        asked.context_info.is_embedded = False
        asked.context_info.color_scheme = "light"
        request: bytes = message.SerializeToString()
        return request

    async def _read(self, connection: ClientConnection) -> None:
        while True:
            message = ForwardMsg.FromString(await connection.recv(decode=False))
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.page = Page()
                self._id = message.new_session.initialize.session_id or self._id
            elif kind == "delta" and message.delta.HasField("new_element"):
                self.page.take(message.delta.new_element)
            elif kind == "delta" and message.delta.add_block.popover.id:
                drawer = message.delta.add_block.popover.id
                self.page.drawers[drawer.rpartition("-")[2]] = drawer
            elif kind == "script_finished":
                status = message.script_finished
                if status == ForwardMsg.FINISHED_SUCCESSFULLY:
                    return
                if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    self.problem = "the script does not compile"
                    return
