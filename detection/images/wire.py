"""The words between parent and child: one JSON header and one block of bytes, never pickles.

A child that was taken over by a hostile image can send wrong facts, but no code.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

_LENGTHS = struct.Struct("!II")
_MAX_HEADER = 4 * 1024 * 1024
_MAX_BODY = 512 * 1024 * 1024

#: A JSON object.
Header = dict[str, Any]


class WireBroken(Exception):
    """The other side is gone or talks nonsense."""


class WireSlow(Exception):
    """Nothing complete arrived in time."""


def send(channel: socket.socket, header: Header, body: bytes = b"") -> None:
    """Write one message."""
    words = json.dumps(header).encode()
    try:
        channel.sendall(_LENGTHS.pack(len(words), len(body)) + words)
        if body:
            channel.sendall(body)
    except TimeoutError as late:
        raise WireSlow from late
    except OSError as gone:
        raise WireBroken from gone


def receive(channel: socket.socket, seconds: float | None = None) -> tuple[Header, bytes]:
    """Read one message, or raise when it is not complete after `seconds`."""
    deadline = None if seconds is None else time.monotonic() + seconds
    header_size, body_size = _LENGTHS.unpack(_exactly(channel, _LENGTHS.size, deadline))
    if header_size > _MAX_HEADER or body_size > _MAX_BODY:
        raise WireBroken
    words = _exactly(channel, header_size, deadline)
    body = _exactly(channel, body_size, deadline)
    try:
        header = json.loads(words)
    except ValueError as nonsense:
        raise WireBroken from nonsense
    if not isinstance(header, dict):
        raise WireBroken
    return header, body


def _exactly(channel: socket.socket, size: int, deadline: float | None) -> bytes:
    block = bytearray(size)
    view = memoryview(block)
    have = 0
    while have < size:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WireSlow
            channel.settimeout(left)
        try:
            count = channel.recv_into(view[have:])
        except TimeoutError as late:
            raise WireSlow from late
        except OSError as gone:
            raise WireBroken from gone
        if count == 0:
            raise WireBroken
        have += count
    return bytes(block)
