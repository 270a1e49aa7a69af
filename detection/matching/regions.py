# ruff: noqa: PLR2004 - rows a region needs
"""Pictures inside a page: blocks that are not background, joined to rectangles."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
#: left, top, right, bottom in pixels
Box = tuple[int, int, int, int]

_BLOCK = 12
#: A block is background when this share of it has nearly one value that is light or even.
_EVEN_SHARE, _EVEN_RANGE, _LIGHT, _STILL = 0.45, 2, 235, 1.0
_LEAST_WIDTH, _LEAST_HEIGHT, _LEAST_FILL = 84, 60, 0.6
_MOST_REGIONS = 24
#: A region that is nearly the whole image has been looked at already.
_NEARLY_ALL = 0.85


def picture_regions(grey: Grey) -> list[Box]:
    """Rectangles that look like pictures on a page, the largest first."""
    height, width = grey.shape
    rows, columns = height // _BLOCK, width // _BLOCK
    if rows < 3 or columns < 3:
        return []
    blocks = grey[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    cells = blocks.transpose(0, 2, 1, 3).reshape(rows, columns, -1).astype(np.int16)
    median = np.median(cells, axis=2, keepdims=True)
    even = (np.abs(cells - median) <= _EVEN_RANGE).mean(axis=2)
    background = (even > _EVEN_SHARE) & ((median[..., 0] > _LIGHT) | (cells.std(axis=2) < _STILL))
    picture = (~background).astype(np.uint8) * 255
    picture = cv2.morphologyEx(picture, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8)
    count, _, boxes, _ = cv2.connectedComponentsWithStats(picture, connectivity=4)
    found = [box for index in range(1, count) if (box := _box(boxes[index], width, height)) is not None]
    found.sort(key=lambda box: (-_area(box), box))
    return found[:_MOST_REGIONS]


def _box(stats: npt.NDArray[np.int32], width: int, height: int) -> Box | None:
    x, y, wide, high, filled = (int(value) for value in stats)
    if wide * _BLOCK < _LEAST_WIDTH or high * _BLOCK < _LEAST_HEIGHT:
        return None
    if filled / (wide * high) <= _LEAST_FILL:
        return None
    box = (
        max(0, (x - 1) * _BLOCK),
        max(0, (y - 1) * _BLOCK),
        min(width, (x + wide + 1) * _BLOCK),
        min(height, (y + high + 1) * _BLOCK),
    )
    return None if _area(box) > _NEARLY_ALL * width * height else box


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def tiles(width: int, height: int) -> list[Box]:
    """Four overlapping quarters, for pictures without a background between them."""
    wide, high = round(width * 0.58), round(height * 0.58)
    lefts, tops = (0, width - wide), (0, height - high)
    return [(left, top, left + wide, top + high) for top in tops for left in lefts]
