"""The child that lays a photograph over a found picture. Started by the pool only.

`python -m workflow.hits.comparing_child FD MEMORY`; besides the two views it does what every decoding
child does.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from detection.images.child import TASKS
from detection.images.decode import Picture, picture_of
from detection.images.fingerprints import FOUND_LEAST_SIDE, local_features
from detection.images.limits import Limits
from detection.images.serving import Task, serve
from detection.images.wire import Header
from detection.index.query import Variant
from detection.matching.geometry import Described, Geometry, fit

Colours = npt.NDArray[np.uint8]
Where = npt.NDArray[np.bool_]
Matrix = npt.NDArray[np.float64]

#: Longest side of the views, and of the pictures they are measured on.
VIEW_SIDE = 1200
_MEASURED_SIDE, _FEATURES = 800, 900
_QUALITY = 85
#: How bright the found picture stays where the photograph does not lie.
_DIMMED = 0.45
_AMPLIFIED = 2.0


def _overlay(data: bytes, limits: Limits, arguments: Header) -> tuple[Header, bytes]:
    """Half the found picture, half the photograph where it lies."""
    found, ours, mask = _registered(data, limits, arguments)
    half = found.astype(np.float32) * 0.5 + ours.astype(np.float32) * 0.5
    return {}, _jpeg(np.where(mask, half, found.astype(np.float32) * _DIMMED))


def _difference(data: bytes, limits: Limits, arguments: Header) -> tuple[Header, bytes]:
    """Dark where both agree, bright where they differ."""
    found, ours, mask = _registered(data, limits, arguments)
    off = np.abs(found.astype(np.float32) - ours.astype(np.float32)) * _AMPLIFIED
    return {}, _jpeg(np.where(mask, off, 0))


def _registered(data: bytes, limits: Limits, arguments: Header) -> tuple[Colours, Colours, Where]:
    """The found picture, the photograph brought into its place, and where that place is."""
    split = int(arguments["split"])
    photograph = picture_of(data[:split], limits, VIEW_SIDE)
    scene = picture_of(data[split:], limits, VIEW_SIDE)
    matrix = _matrix(photograph, scene, [(float(x), float(y)) for x, y in arguments["outline"]])
    found, ours = np.asarray(scene.image), np.asarray(photograph.image)
    small = matrix.copy()
    small[0] *= found.shape[1] / scene.width
    small[1] *= found.shape[0] / scene.height
    small[:, 0] *= photograph.width / ours.shape[1]
    small[:, 1] *= photograph.height / ours.shape[0]
    size = (found.shape[1], found.shape[0])
    warped = cv2.warpAffine(ours, small, size, flags=cv2.INTER_AREA)
    where = cv2.warpAffine(np.full(ours.shape[:2], 255, np.uint8), small, size, flags=cv2.INTER_NEAREST)
    return found, np.asarray(warped, np.uint8), (where > 0)[:, :, None]


def _matrix(photograph: Picture, scene: Picture, outline: list[tuple[float, float]]) -> Matrix:
    """Pixels of the photograph to pixels of the scene: by features, else by the outline's box."""
    ours = Described(local_features(photograph, _FEATURES, FOUND_LEAST_SIDE, _MEASURED_SIDE))
    theirs = Described(local_features(scene, _FEATURES, FOUND_LEAST_SIDE, _MEASURED_SIDE))
    best: Geometry | None = None
    for variant in Variant:
        geometry = fit(
            theirs, ours, variant, max(scene.width, scene.height), (photograph.width, photograph.height)
        )
        if geometry is not None and (best is None or geometry.inliers > best.inliers):
            best = geometry
    if best is not None:
        return best.matrix
    xs, ys = zip(*(outline or [(0.0, 0.0), (scene.width, scene.height)]), strict=True)
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    return np.array(
        [[width / photograph.width, 0.0, min(xs)], [0.0, height / photograph.height, min(ys)]], np.float64
    )


def _jpeg(pixels: npt.NDArray[np.float32]) -> bytes:
    target = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(target, "JPEG", quality=_QUALITY)
    return target.getvalue()


COMPARING_TASKS: dict[str, Task] = {**TASKS, "overlay": _overlay, "difference": _difference}


if __name__ == "__main__":
    serve(COMPARING_TASKS)
