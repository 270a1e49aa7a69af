"""How the colours of a copy differ from those of the photograph."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Colours = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

#: Lab values of 8-bit pictures: lightness 0..255, neutral grey at 128.
_NEUTRAL = 128


@dataclass(frozen=True, slots=True)
class ColourShift:
    """Means over the cells that agree, in 8-bit CIE Lab."""

    #: How much lighter the copy is; negative when darker.
    lighter: float
    our_chroma: float
    their_chroma: float
    #: Mean distance of the two colour components.
    distance: float


def colour_shift(ours: Colours, theirs: Colours, cells: Mask) -> ColourShift:
    """Compare two RGB pictures of one size over a grid of cells."""
    one, two = (_lab(picture, cells) for picture in (ours, theirs))
    return ColourShift(
        lighter=float(two[:, 0].mean() - one[:, 0].mean()),
        our_chroma=_chroma(one),
        their_chroma=_chroma(two),
        distance=float(np.linalg.norm(one[:, 1:] - two[:, 1:], axis=1).mean()),
    )


def _lab(picture: Colours, cells: Mask) -> npt.NDArray[np.float64]:
    small = cv2.resize(picture, cells.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB)[cells], dtype=np.float64)


def _chroma(colours: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(colours[:, 1:] - _NEUTRAL, axis=1).mean())
