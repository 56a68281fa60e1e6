"""Messages: what a page says to the server and hears from it, before and after Streamlit.

A page runs, stops, and asks for its files. What else Streamlit's protocol offers is for who
develops an app (to clear what all share, to read the repository, to install things): dropped.
"""

from contextvars import ContextVar
from pathlib import PurePath
from typing import Any

from google.protobuf.message import DecodeError
from starlette.types import Message, Receive, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from attnviz.runtime.settings import settings
from attnviz.ui.server.paths import MAIN

_SAID = (
    "rerun_script",
    "app_heartbeat",
    "stop_script",
    "file_urls_request",
    "backend_operation_request",
)
_OPERATIONS = ("deferred_file", "dataframe_chunk")
MOST_VALUE = 100_000  # characters or bytes of one widget's value that is no typed text
MOST_QUERY = 50_000  # characters of an address
TOO_LONG_QUERY = "long=1"  # what `attnviz.share` reads as a link that had to leave out a text

_LARGE = 65_536  # bytes; a message that holds the path, or a failure, is smaller
_PATH = str(MAIN).encode()
_FAILED = "Failed to generate file for download"  # Streamlit's words, whatever the reason

refusals: ContextVar[list[str] | None] = ContextVar("refusals", default=None)


def sifted(receive: Receive, send: Send) -> tuple[Receive, Send]:
    """A page's connection, less what no page of ours says or needs to know."""
    lines: list[str] = []
    refusals.set(lines)  # seen by whatever this connection asks for

    async def next_message() -> Message:
        while True:
            message = await receive()
            data = message.get("bytes")
            if message["type"] != "websocket.receive" or data is None:
                return message
            if (passed := inbound(data)) is not None:
                return {**message, "bytes": passed}

    async def pass_on(message: Message) -> None:
        if data := message.get("bytes"):
            message = {**message, "bytes": outbound(data, lines)}
        await send(message)

    return next_message, pass_on


def inbound(data: bytes) -> bytes | None:
    """What a page says, without values beyond any use; None if it is not for pages to say."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return data  # Streamlit closes the connection
    kind = message.WhichOneof("type")
    operation = message.backend_operation_request.WhichOneof("payload")
    if kind not in _SAID or (kind == _SAID[-1] and operation not in _OPERATIONS):
        return None
    if kind == "rerun_script" and _shorten(message.rerun_script):
        return bytes(message.SerializeToString())
    return data


def outbound(data: bytes, said: list[str]) -> bytes:
    """What a page hears: names without the server's paths, and why a file was refused."""
    if len(data) > _LARGE or (_PATH not in data and _FAILED.encode() not in data):
        return data
    message = ForwardMsg.FromString(data)
    if message.WhichOneof("type") == "new_session":
        message.new_session.main_script_path = PurePath(message.new_session.main_script_path).name
    elif message.backend_operation_response.error_msg == _FAILED and said:
        message.backend_operation_response.error_msg = said.pop(0)
    return bytes(message.SerializeToString())


def _shorten(asked: Any) -> bool:
    """Cut what is longer than anything that is read; whether something was."""
    is_long = len(asked.query_string) > MOST_QUERY
    if is_long:
        asked.query_string = TOO_LONG_QUERY
    for state in asked.widget_states.widgets:
        is_long |= _shorten_value(state)
    return is_long


def _shorten_value(state: WidgetState) -> bool:
    """Cut a typed text just beyond the limit, so that it is still refused with its sentence."""
    most = settings().characters + 1
    if state.WhichOneof("value") == "string_value":
        is_long = bool(len(state.string_value) > most)
        if is_long:
            state.string_value = state.string_value[:most]
        return is_long
    is_long = bool(state.ByteSize() > MOST_VALUE)
    if is_long:
        state.ClearField("value")
    return is_long
