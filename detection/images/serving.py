"""The child's side: limits first, then one task after the other until the parent is gone."""

from __future__ import annotations

import os
import resource
import socket
import sys
import time
from collections.abc import Callable, Mapping

from detection.images.limits import Limits
from detection.images.refusals import ImageRefused, refusal
from detection.images.wire import Header, WireBroken, receive, send

#: (bytes of the image, limits, arguments) -> (facts, bytes)
Task = Callable[[bytes, Limits, Header], tuple[Header, bytes]]


def serve(tasks: Mapping[str, Task]) -> None:
    """Serve tasks on the descriptor named by the first argument; returns when the parent leaves."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    _limit_process(int(sys.argv[2]))
    send(channel, {"ready": os.getpid()})
    while True:
        try:
            header, body = receive(channel)
        except WireBroken:
            return
        try:
            answer, reply = _one(tasks, header, body)
            send(channel, answer, reply)
        except WireBroken:
            return
        del body, reply


def _one(tasks: Mapping[str, Task], header: Header, body: bytes) -> tuple[Header, bytes]:
    limits = Limits(**header["limits"]) if "limits" in header else Limits()
    _limit_cpu(limits.seconds)
    try:
        return tasks[header["task"]](body, limits, header.get("arguments", {}))
    except ImageRefused as refused:
        return {"refused": refused.code, "sentence": refused.sentence}, b""
    except MemoryError:
        heavy = refusal("too_heavy")
        return {"refused": heavy.code, "sentence": heavy.sentence}, b""


def _limit_process(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(5)


def _limit_cpu(seconds: float) -> None:
    """Let this task use `seconds` of CPU from now on; after that the kernel ends the child."""
    used = time.process_time()
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, hard))
