"""The matching child: `python -m detection.matching.child FD MEMORY`. Started by the pool only."""

from __future__ import annotations

from dataclasses import asdict

from detection.images.limits import Limits
from detection.images.packing import fingerprint_from_wire
from detection.images.serving import Task, serve
from detection.images.wire import Header
from detection.index.embedded import EmbeddedIndex
from detection.matching.engine import MatchEngine
from detection.types import Match, Reference

_ENGINE = MatchEngine(EmbeddedIndex())


def _add(body: bytes, _: Limits, arguments: Header) -> tuple[Header, bytes]:
    _ENGINE.add(Reference(arguments["work_id"], fingerprint_from_wire(arguments, body)))
    return {}, b""


def _remove(_: bytes, __: Limits, arguments: Header) -> tuple[Header, bytes]:
    _ENGINE.remove(arguments["work_id"])
    return {}, b""


def _match(data: bytes, limits: Limits, _: Header) -> tuple[Header, bytes]:
    return _told(_ENGINE.match(data, limits))


def _match_fingerprint(body: bytes, _: Limits, arguments: Header) -> tuple[Header, bytes]:
    return _told(_ENGINE.match_fingerprint(fingerprint_from_wire(arguments, body)))


def _told(matches: list[Match]) -> tuple[Header, bytes]:
    return {"matches": [asdict(match) for match in matches]}, b""


TASKS: dict[str, Task] = {
    "add": _add,
    "remove": _remove,
    "match": _match,
    "match_fingerprint": _match_fingerprint,
}


if __name__ == "__main__":
    serve(TASKS)
