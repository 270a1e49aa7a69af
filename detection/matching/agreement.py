"""Do the pixels agree where the geometry says the photograph lies?

The image is warped onto the small picture kept with the photograph and both are correlated cell by
cell. True copies correlate closely almost everywhere they are not covered; other frames of the
same scene lose cells to parallax and motion, and where the image shows more of the scene than the
photograph does, the picture runs on across the photograph's border.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from detection.matching.polygons import inverse

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
#: Standard deviation of grey values under which a line says nothing.
_STILL = 3.0
#: Correlation of a whole line that still agrees.
_LINE_AGREES = 0.5
#: Lines compared across a border: from so far inside, over these distances.
_INSET, _DISTANCES = 1, (3, 4, 5)
#: The image must reach this far beyond the border; a visible part that ends this early was cut.
_PAD, _LEAST_BEYOND, _CUT = 8, 5.0, 0.02
#: A border is a jump this much larger than the change over the same distance inside.
_JUMP, _NOISE = 2.5, 4.0


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
    #: Mean colour of photograph and image over the agreeing cells, in CIE Lab, and their spreads.
    ours: tuple[float, float, float]
    theirs: tuple[float, float, float]
    our_chroma: float
    their_chroma: float
    #: Mean distance of the two colour components.
    colour_shift: float


def compare(photograph: Colours, image: Colours, matrix: Matrix, inverted: bool) -> Agreement:
    """Compare a small RGB picture with an RGB image under `matrix` (picture to image pixels)."""
    ours, image, matrix = _same_grain(photograph, image, matrix)
    height, width = ours.shape[:2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    theirs = cv2.warpAffine(image, matrix, (width, height), flags=flags)
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
    colours = _colours(ours, theirs, agreeing if agreeing.any() else inside)
    return Agreement(
        telling=count,
        agreeing=float(agreeing.sum()) / max(count, 1),
        close=float(close.sum()) / max(count, 1),
        kept=exact,
        running_on=_running_on(_grey(image), matrix, exact, (width, height)),
        ours=colours[0],
        theirs=colours[1],
        our_chroma=colours[2],
        their_chroma=colours[3],
        colour_shift=colours[4],
    )


def _same_grain(
    photograph: Colours, image: Colours, matrix: Matrix
) -> tuple[Colours, Colours, Matrix]:
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


def _grey(picture: Colours) -> Grey:
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
            around = theirs[
                max(0, top - _SLACK) : bottom + _SLACK, max(0, left - _SLACK) : right + _SLACK
            ]
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
    lines[(a * a).sum(axis=0) / count < _STILL**2] = 1.0
    padded = np.pad(lines, 1, mode="edge")
    return np.asarray((padded[:-2] + padded[1:-1] + padded[2:]) / 3, dtype=np.float32)


def _last_good(lines: Grey, start: int, end: int) -> int:
    """Walk from inside to outside; the last line before agreement is lost."""
    step = 1 if end >= start else -1
    place = start
    while place != end and lines[place + step] >= _LINE_AGREES:
        place += step
    return place


def _running_on(
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
    canvas = cv2.warpAffine(image, shifted, (width + 2 * _PAD, height + 2 * _PAD), flags=flags)
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

    if len(lines) < 8 or float(line(0).std()) < _STILL:
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


def _colours(
    ours: Colours, theirs: Colours, cells: Mask
) -> tuple[tuple[float, float, float], tuple[float, float, float], float, float, float]:
    """Mean Lab colours, mean chroma of each and the mean shift between them."""
    size = (CELLS, CELLS)
    a = cv2.cvtColor(cv2.resize(ours, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
    b = cv2.cvtColor(cv2.resize(theirs, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
    one, two = a[cells].astype(np.float64), b[cells].astype(np.float64)
    mean_one, mean_two = one.mean(axis=0), two.mean(axis=0)
    chroma = [float(np.linalg.norm(x[:, 1:] - 128, axis=1).mean()) for x in (one, two)]
    shift = float(np.linalg.norm(one[:, 1:] - two[:, 1:], axis=1).mean())
    return (
        (float(mean_one[0]), float(mean_one[1]), float(mean_one[2])),
        (float(mean_two[0]), float(mean_two[1]), float(mean_two[2])),
        chroma[0],
        chroma[1],
        shift,
    )
