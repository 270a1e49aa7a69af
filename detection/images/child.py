"""The decoding child: `python -m detection.images.child FD MEMORY`. Started by the pool only."""

from __future__ import annotations

from detection.images.decode import inspect_image, normalised_jpeg, picture_of
from detection.images.fingerprints import fingerprint_found, fingerprint_reference
from detection.images.limits import Limits
from detection.images.packing import fingerprint_to_wire
from detection.images.serving import Task, serve
from detection.images.wire import Header


def _inspect(data: bytes, limits: Limits, _: Header) -> tuple[Header, bytes]:
    info = inspect_image(data, limits)
    return {
        "format": info.format,
        "width": info.width,
        "height": info.height,
        "frames": info.frames,
        "remarks": list(info.remarks),
    }, b""


def _normalise(data: bytes, limits: Limits, arguments: Header) -> tuple[Header, bytes]:
    return {}, normalised_jpeg(data, limits, int(arguments["max_side"]))


def _fingerprint(data: bytes, limits: Limits, arguments: Header) -> tuple[Header, bytes]:
    measure = fingerprint_found if arguments.get("found") else fingerprint_reference
    return fingerprint_to_wire(measure(picture_of(data, limits)))


TASKS: dict[str, Task] = {
    "inspect": _inspect,
    "normalise": _normalise,
    "fingerprint": _fingerprint,
}


if __name__ == "__main__":
    serve(TASKS)
