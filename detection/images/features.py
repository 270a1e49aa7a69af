"""Local features: RootSIFT, spread over the picture, with the tricks that save a second extraction.

A descriptor is a 4 x 4 grid of cells with 8 directions each. Mirroring a picture or inverting its
colours only moves these 128 numbers, so a mirrored or negative copy is searched for by permuting.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Grey = npt.NDArray[np.uint8]
Order = npt.NDArray[np.intp]

_BINS = np.arange(128).reshape(4, 4, 8)
#: Rows reversed and directions negated: the descriptor of the picture seen in a mirror.
MIRRORED = _BINS[::-1, :, :][:, :, (-np.arange(8)) % 8].reshape(-1)
#: Rows and columns reversed: the descriptor of the negative (every gradient turned by 180 degrees).
INVERTED = _BINS[::-1, ::-1, :].reshape(-1)

_GRID = 8
_DETECTED = 4000
#: Square roots of shares are at most 1; almost all are below a half.
_QUANTUM = 512.0
_HEAD = struct.Struct("<4sHHI")
_MAGIC = b"LBF1"
#: x, y, size, direction
_KEYPOINT = 4


@dataclass(frozen=True, slots=True)
class Features:
    """n keypoints (x, y, size, direction; pixels of the original) and n descriptors (128 bytes)."""

    keypoints: Floats
    descriptors: Bytes
    #: A small JPEG of the picture: the pixels that copies are compared with.
    thumbnail: bytes = b""

    @property
    def count(self) -> int:
        """Number of features."""
        return len(self.keypoints)

    def roots(self) -> Floats:
        """Descriptors of unit length."""
        values = self.descriptors.astype(np.float32)
        lengths = np.linalg.norm(values, axis=1, keepdims=True)
        return np.asarray(values / np.maximum(lengths, 1e-6), dtype=np.float32)


def extract(grey: Grey, count: int, scale: float = 1.0) -> Features:
    """Up to `count` features spread over the picture; `scale` leads back to original pixels."""
    cv2.setNumThreads(1)
    sift = cv2.SIFT.create(nfeatures=_DETECTED, contrastThreshold=0.015, edgeThreshold=12)
    found, raw = sift.detectAndCompute(grey, None)
    if raw is None or not len(found):
        return Features(np.zeros((0, _KEYPOINT), np.float32), np.zeros((0, 128), np.uint8))
    chosen = _spread(found, grey.shape, count)
    shares = raw[chosen] / np.maximum(raw[chosen].sum(axis=1, keepdims=True), 1e-6)
    descriptors = np.clip(np.rint(np.sqrt(shares) * _QUANTUM), 0, 255).astype(np.uint8)
    kept = [found[index] for index in chosen]
    keypoints = np.array([[*k.pt, k.size, k.angle] for k in kept], np.float32)
    keypoints[:, :3] *= scale
    return Features(keypoints, descriptors)


def _spread(found: Sequence[cv2.KeyPoint], shape: tuple[int, ...], count: int) -> Order:
    """Which to keep: the strongest of every cell of a grid first, so that a crop keeps its share."""
    height, width = shape[:2]
    strength = np.array([k.response for k in found])
    places = np.array([k.pt for k in found])
    columns = np.minimum(_GRID - 1, places[:, 0] * _GRID // width).astype(int)
    rows = np.minimum(_GRID - 1, places[:, 1] * _GRID // height).astype(int)
    cells = columns + _GRID * rows
    rank = np.zeros(len(found), int)
    seen = np.zeros(_GRID * _GRID, int)
    for index in np.argsort(-strength):
        rank[index] = seen[cells[index]]
        seen[cells[index]] += 1
    share = max(1, count // (_GRID * _GRID))
    return np.lexsort((-strength, rank // share))[:count]


def pack(features: Features) -> bytes:
    """One block of bytes, the same on every machine."""
    head = _HEAD.pack(_MAGIC, features.count, 0, len(features.thumbnail))
    keypoints = features.keypoints.astype("<f4").tobytes()
    return head + keypoints + features.descriptors.tobytes() + features.thumbnail


def unpack(block: bytes) -> Features:
    """The features of a block made by `pack`; ValueError for anything else."""
    if len(block) < _HEAD.size:
        raise ValueError("not a block of features")
    magic, count, _, picture = _HEAD.unpack_from(block)
    split = _HEAD.size + count * _KEYPOINT * 4
    end = split + count * 128
    if magic != _MAGIC or len(block) != end + picture:
        raise ValueError("not a block of features")
    keypoints = np.frombuffer(block[_HEAD.size : split], "<f4").reshape(count, _KEYPOINT)
    descriptors = np.frombuffer(block[split:end], np.uint8).reshape(count, 128)
    return Features(keypoints.astype(np.float32), descriptors, block[end:])
