"""Loaded by the server under test: writes down every attempt to leave this machine."""

import os
import socket
from typing import Any

LOG = os.environ["ATTNVIZ_NETGUARD"]
HOME = ("127.", "localhost", "::1", "0.0.0.0")  # noqa: S104, a prefix to compare with
_connect, _lookup = socket.socket.connect, socket.getaddrinfo


def _note(host: object) -> None:
    if host is not None and not str(host).startswith(HOME):
        with open(LOG, "a", encoding="utf-8") as log:  # noqa: PTH123, loaded before anything else
            log.write(f"{host}\n")


def connect(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _note(address[0])
    _connect(self, address)


def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
    _note(host)
    return _lookup(host, *args, **kwargs)


socket.socket.connect = connect  # type: ignore[assignment, method-assign]
socket.getaddrinfo = lookup
