"""Convex polygons: mapping, clipping, area. Plain numbers, no images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detection.types import Point

Matrix = npt.NDArray[np.float64]


def rectangle(left: float, top: float, right: float, bottom: float) -> list[Point]:
    """The four corners, clockwise from the upper left."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def mapped(matrix: Matrix, points: Sequence[Point]) -> list[Point]:
    """The points under an affine map (2 x 3)."""
    there = np.asarray(points, dtype=np.float64) @ matrix[:, :2].T + matrix[:, 2]
    return [(float(x), float(y)) for x, y in there]


def inverse(matrix: Matrix) -> Matrix:
    """The map that leads back."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def clip(points: Sequence[Point], width: float, height: float) -> list[Point]:
    """The part of a convex polygon inside (0, 0, width, height)."""
    kept = list(points)
    for axis, limit, sign in ((0, 0.0, 1), (0, width, -1), (1, 0.0, 1), (1, height, -1)):
        kept = _clip_side(kept, axis, limit, sign)
    return kept


def _clip_side(points: list[Point], axis: int, limit: float, sign: int) -> list[Point]:
    kept: list[Point] = []
    for index, here in enumerate(points):
        before = points[index - 1]
        inside = sign * (here[axis] - limit) >= 0
        was_inside = sign * (before[axis] - limit) >= 0
        if inside != was_inside:
            share = (limit - before[axis]) / (here[axis] - before[axis])
            crossing = (
                before[0] + share * (here[0] - before[0]),
                before[1] + share * (here[1] - before[1]),
            )
            kept.append(crossing)
        if inside:
            kept.append(here)
    return kept


def area(points: Sequence[Point]) -> float:
    """Square pixels."""
    total = 0.0
    for index, (x, y) in enumerate(points):
        before_x, before_y = points[index - 1]
        total += before_x * y - x * before_y
    return abs(total) / 2
