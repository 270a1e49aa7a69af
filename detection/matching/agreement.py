# ruff: noqa: PLR2004 - sides of a rectangle and grey values
"""Do the pixels agree where the geometry says the photograph lies?

The image is warped onto the small picture kept with the photograph and both are correlated cell by
cell. True copies correlate closely almost everywhere they are not covered; other frames of the
same scene lose cells to parallax and motion, and where the image shows more of the scene than the
photograph does, the picture runs on across the photograph's border.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detection.matching.borders import STILL, running_on
from detection.matching.colours import ColourShift, colour_shift

Matrix = npt.NDArray[np.float64]
Colours = npt.NDArray[np.uint8]
Grey = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

#: Cells along each side of the photograph.
CELLS = 16
#: Longest side that is compared.
_COMPARED = 384
#: A cell says something when its grey values vary this much.
_TEXTURED = 4.0
#: Correlation from which a cell agrees, and from which it agrees closely.
_AGREES, _CLOSELY = 0.6, 0.85
#: Pixels a cell may be off.
_SLACK = 2
#: Share of agreeing pixels in a row or column of cells that keeps it in the visible part.
_KEPT = 0.34
#: Correlation of a whole line that still agrees.
_LINE_AGREES = 0.5


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the comparison of pixels found; shares are of the cells that say something."""

    #: Cells that lie inside the image and have texture.
    telling: int
    #: Share of the telling cells inside the kept part that agree, and that agree closely.
    agreeing: float
    close: float
    #: The part of the photograph that can be seen, in shares of its sides: left, top, right, bottom.
    kept: tuple[float, float, float, float]
    #: Share of the photograph's inner borders across which the image runs on; None when there are
    #: such borders and none of them says anything.
    running_on: float | None
    colours: ColourShift


def compare(photograph: Colours, image: Colours, matrix: Matrix, inverted: bool) -> Agreement:
    """Compare a small RGB picture with an RGB image under `matrix` (picture to image pixels)."""
    ours, image, matrix = _same_grain(photograph, image, matrix)
    height, width = ours.shape[:2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    theirs = np.asarray(cv2.warpAffine(image, matrix, (width, height), flags=flags), np.uint8)
    whole = np.full(image.shape[:2], 255, np.uint8)
    valid = cv2.warpAffine(whole, matrix, (width, height), flags=flags) > 250
    our_grey, their_grey = _grey(ours), _grey(theirs)
    if inverted:
        their_grey = 255 - their_grey
    correlation = _correlate(our_grey, their_grey, valid)
    kept = _visible_part(correlation)
    inside = np.zeros((CELLS, CELLS), bool)
    inside[kept[1] : kept[3], kept[0] : kept[2]] = True
    telling = inside & ~np.isnan(correlation)
    agreeing = telling & (np.nan_to_num(correlation) >= _AGREES)
    close = telling & (np.nan_to_num(correlation) >= _CLOSELY)
    count = int(telling.sum())
    exact = _fine_part(our_grey, their_grey, valid, kept)
    return Agreement(
        telling=count,
        agreeing=float(agreeing.sum()) / max(count, 1),
        close=float(close.sum()) / max(count, 1),
        kept=exact,
        running_on=running_on(_grey(image), matrix, exact, (width, height)),
        colours=colour_shift(ours, theirs, agreeing if agreeing.any() else inside),
    )


def _same_grain(photograph: Colours, image: Colours, matrix: Matrix) -> tuple[Colours, Colours, Matrix]:
    """Bring both to about the same number of pixels for the same detail, the coarser wins."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    ours = min(1.0, _COMPARED / max(photograph.shape[:2]), max(scale, 0.15))
    theirs = min(1.0, ours / scale)
    small_ours, factors_ours = _resized(photograph, ours)
    small_theirs, factors_theirs = _resized(image, theirs)
    scaled = matrix.copy()
    scaled[0] *= factors_theirs[0]
    scaled[1] *= factors_theirs[1]
    scaled[:, 0] /= factors_ours[0]
    scaled[:, 1] /= factors_ours[1]
    return small_ours, small_theirs, scaled


def _resized(picture: Colours, factor: float) -> tuple[Colours, tuple[float, float]]:
    if factor >= 1.0:
        return picture, (1.0, 1.0)
    height, width = picture.shape[:2]
    size = (max(CELLS * 2, round(width * factor)), max(CELLS * 2, round(height * factor)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return small, (size[0] / width, size[1] / height)


def _grey(picture: Any) -> Grey:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _edges(length: int) -> list[int]:
    return [round(length * step / CELLS) for step in range(CELLS + 1)]


def _correlate(ours: Grey, theirs: Grey, valid: Mask) -> Grey:
    """Correlation per cell at the best of the small shifts; NaN where nothing can be said."""
    rows, columns = _edges(ours.shape[0]), _edges(ours.shape[1])
    result = np.full((CELLS, CELLS), np.nan, np.float32)
    for row in range(CELLS):
        for column in range(CELLS):
            top, bottom = rows[row], rows[row + 1]
            left, right = columns[column], columns[column + 1]
            if not valid[top:bottom, left:right].all():
                continue
            cell = ours[top:bottom, left:right]
            if cell.size < 9 or float(cell.std()) < _TEXTURED:
                continue
            around = theirs[max(0, top - _SLACK) : bottom + _SLACK, max(0, left - _SLACK) : right + _SLACK]
            scores = cv2.matchTemplate(around, cell, cv2.TM_CCOEFF_NORMED)
            best = float(np.nan_to_num(scores, posinf=0, neginf=0).max())
            result[row, column] = max(-1.0, min(1.0, best))
    return result


def _visible_part(correlation: Grey) -> tuple[int, int, int, int]:
    """Cells left, top, right, bottom after cutting disagreeing rows and columns off the border."""
    left, top, right, bottom = 0, 0, CELLS, CELLS
    for _ in range(CELLS):
        part = correlation[top:bottom, left:right]
        if part.shape[0] < 3 or part.shape[1] < 3:
            break
        sides = [_agreeing(part[:, 0]), _agreeing(part[0]), _agreeing(part[:, -1]),
                 _agreeing(part[-1])]  # fmt: skip
        worst = int(np.argmin(sides))
        if sides[worst] >= _KEPT:
            break
        left, top = left + (worst == 0), top + (worst == 1)
        right, bottom = right - (worst == 2), bottom - (worst == 3)
    return left, top, right, bottom


def _agreeing(cells: Grey) -> float:
    """Share of agreeing cells; a line that says nothing is kept."""
    telling = cells[~np.isnan(cells)]
    return float((telling >= _AGREES).mean()) if len(telling) else 1.0


def _fine_part(
    ours: Grey, theirs: Grey, valid: Mask, kept: tuple[int, int, int, int]
) -> tuple[float, float, float, float]:
    """The cell borders of the visible part, moved to the line where the pixels stop agreeing."""
    height, width = ours.shape
    rows, columns = _edges(height), _edges(width)
    left, top, right, bottom = columns[kept[0]], rows[kept[1]], columns[kept[2]], rows[kept[3]]
    across = _line_agreement(ours[top:bottom], theirs[top:bottom], valid[top:bottom])
    down = _line_agreement(ours[:, left:right].T, theirs[:, left:right].T, valid[:, left:right].T)
    left, right = _walked(across, left, right)
    top, bottom = _walked(down, top, bottom)
    return left / width, top / height, right / width, bottom / height


def _walked(lines: Grey, first: int, last: int) -> tuple[int, int]:
    """Both ends, moved outwards from one and a half cells inside, two cells at the most."""
    cell = max(2, len(lines) // CELLS)
    inset = min(3 * cell // 2, (last - first) // 3)
    start = _last_good(lines, first + inset, max(0, first - cell))
    end = _last_good(lines, last - 1 - inset, min(len(lines) - 1, last - 1 + cell))
    return start, end + 1


def _line_agreement(ours: Grey, theirs: Grey, valid: Mask) -> Grey:
    """Correlation of every column over all its rows; lines that say nothing agree."""
    weight = valid.astype(np.float32)
    count = np.maximum(weight.sum(axis=0), 1)
    a = (ours - (ours * weight).sum(axis=0) / count) * weight
    b = (theirs - (theirs * weight).sum(axis=0) / count) * weight
    strength = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    lines = (a * b).sum(axis=0) / np.maximum(strength, 1e-3)
    lines[(a * a).sum(axis=0) / count < STILL**2] = 1.0
    padded = np.pad(lines, 1, mode="edge")
    return np.asarray((padded[:-2] + padded[1:-1] + padded[2:]) / 3, dtype=np.float32)


def _last_good(lines: Grey, start: int, end: int) -> int:
    """Walk from inside to outside; the last line before agreement is lost."""
    step = 1 if end >= start else -1
    place = start
    while place != end and lines[place + step] >= _LINE_AGREES:
        place += step
    return place
