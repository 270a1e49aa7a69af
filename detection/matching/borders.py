# ruff: noqa: PLR2004 - sides of a rectangle and shares of a correlation
"""Does the image run on across the photograph's own borders? Then it shows more of the scene."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from detection.matching.polygons import inverse

Matrix = npt.NDArray[np.float64]
Grey = npt.NDArray[np.float32]

#: Standard deviation of grey values under which a line says nothing.
STILL = 3.0
#: Lines compared across a border: from so far inside, over these distances.
_INSET, _DISTANCES = 1, (3, 4, 5)
#: The image must reach this far beyond the border; a visible part that ends this early was cut.
_PAD, _LEAST_BEYOND, _CUT = 8, 5.0, 0.02
#: A border is a jump this much larger than the change over the same distance inside.
_JUMP, _NOISE = 2.5, 4.0


def running_on(
    image: Grey, matrix: Matrix, kept: tuple[float, float, float, float], size: tuple[int, int]
) -> float | None:
    """Share of the photograph's own borders inside the image across which the picture continues.

    Where the visible part ends before the photograph does, something else begins: no question.
    """
    width, height = size
    corners = inverse(matrix) @ np.array(
        [[0, image.shape[1], image.shape[1], 0], [0, 0, image.shape[0], image.shape[0]], [1] * 4]
    )
    beyond = (-corners[0].min(), -corners[1].min(),
              corners[0].max() - width, corners[1].max() - height)  # fmt: skip
    cut = (kept[0], kept[1], 1 - kept[2], 1 - kept[3])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ np.array([-_PAD, -_PAD])
    size = (width + 2 * _PAD, height + 2 * _PAD)
    canvas = np.asarray(cv2.warpAffine(image, shifted, size, flags=flags), np.float32)
    box = (_PAD, _PAD, width + _PAD, height + _PAD)
    answers = [
        False if cut[side] > _CUT else _continues(canvas, box, side)
        for side in range(4)
        if beyond[side] > max(_LEAST_BEYOND, 0.012 * (width, height)[side % 2])
    ]
    if not answers:
        return 0.0
    telling = [answer for answer in answers if answer is not None]
    return sum(telling) / len(telling) if telling else None


def _continues(canvas: Grey, box: tuple[int, int, int, int], side: int) -> bool | None:
    """Whether lines just inside and just outside belong to one picture; None when all are flat."""
    left, top, right, bottom = box
    lines = canvas[top:bottom] if side in (0, 2) else canvas[:, left:right].T
    outward = -1 if side < 2 else 1
    inner = box[side] - outward * _INSET if side < 2 else box[side] - 1 - _INSET

    def line(step: int) -> Grey:
        place = min(max(inner + outward * step, 0), lines.shape[1] - 1)
        return np.asarray(lines[:, place], dtype=np.float32)

    if len(lines) < 8 or float(line(0).std()) < STILL:
        return None
    for distance in _DISTANCES:
        across = float(np.median(np.abs(line(distance) - line(0))))
        within = float(np.median(np.abs(line(-distance) - line(0))))
        if across > _JUMP * within + _NOISE:
            return False
        alike, known = _alike(line(distance), line(0)), _alike(line(-distance), line(0))
        if alike is not None and known is not None and known > 0.4 and alike < known / 3:
            return False
    return True


def _alike(one: Grey, other: Grey) -> float | None:
    """Correlation of the fine structure of two lines; smooth slopes are the same everywhere."""
    fine = [line - np.convolve(np.pad(line, 6, "edge"), np.full(13, 1 / 13), "valid")
            for line in (one, other)]  # fmt: skip
    if min(float(part.std()) for part in fine) < 1.0:
        return None
    return float(np.corrcoef(fine[0], fine[1])[0, 1])
