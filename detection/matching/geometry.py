# ruff: noqa: PLR2004 - points that an affine map needs
"""Do the features of a photograph lie in an image the way one picture lies in another?"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from detection.images.features import Features, Floats
from detection.index.query import Variant

Matrix = npt.NDArray[np.float64]
Order = npt.NDArray[np.intp]

#: The nearest descriptor must be clearly nearer than the second (squared distances).
_RATIO = 0.81
_LEAST_PAIRS = 5
#: Pairs that agree on scale (octaves) and rotation (degrees) are tried first.
_SCALE_BAND, _ANGLE_BAND = 0.6, 20.0
#: A photograph stretched more than this is not a photograph any more.
_MOST_STRETCHED = 2.6
_LEAST_SCALE, _MOST_SCALE = 0.02, 12.0
#: Inliers crowded on a smaller share of the photograph prove a detail (a logo), not a copy.
_LEAST_HULL = 0.004
#: Allowed error, of the side of the image first, of the mapped photograph then.
_TOLERANCE = 0.008
#: Positions closer than this are one position.
_SAME_PLACE = 4.0


@dataclass(frozen=True, slots=True)
class Geometry:
    """Pixels of the photograph to pixels of the image, and how many places agree."""

    matrix: Matrix
    inliers: int
    variant: Variant


class Described:
    """Features with their descriptors unfolded to unit length once, in every variant asked for."""

    def __init__(self, features: Features) -> None:
        self.features = features
        self._roots = features.roots()
        self._permuted: dict[Variant, Floats] = {}

    def roots(self, variant: Variant) -> Floats:
        """Descriptors as this variant of a copy has them."""
        if variant not in self._permuted:
            self._permuted[variant] = np.ascontiguousarray(self._roots[:, variant.permutation])
        return self._permuted[variant]


def fit(
    image: Described,
    photograph: Described,
    variant: Variant,
    image_side: float,
    photograph_size: tuple[int, int],
) -> Geometry | None:
    """The affine map that most distinct places agree on, or None when there is no sane one."""
    sources, targets = _pairs(image, photograph, variant)
    if len(sources) < _LEAST_PAIRS:
        return None
    tolerance = max(2.0, _TOLERANCE * image_side)
    ours, theirs = photograph.features.keypoints[sources], image.features.keypoints[targets]
    for chosen in (_consensus(ours, theirs, variant), np.arange(len(sources))):
        if len(chosen) < _LEAST_PAIRS:
            continue
        found = _robust(ours[:, :2], theirs[:, :2], chosen, tolerance)
        if found is None:
            continue
        matrix, inliers = found
        places = _distinct(ours[inliers, :2], theirs[inliers, :2], photograph_size)
        if places and _sane(matrix, variant):
            return Geometry(matrix, places, variant)
    return None


def _pairs(image: Described, photograph: Described, variant: Variant) -> tuple[Order, Order]:
    """One-to-one pairs (index in photograph, index in image) that pass the ratio test."""
    empty = np.zeros(0, np.intp)
    if image.features.count < 2 or not photograph.features.count:
        return empty, empty
    similar = photograph.roots(Variant.PLAIN) @ image.roots(variant).T
    every = np.arange(len(similar))
    nearest = similar.argmax(axis=1)
    first = similar[every, nearest]
    similar[every, nearest] = -1.0
    second = similar.max(axis=1)
    sources = np.flatnonzero(2 - 2 * first < _RATIO * (2 - 2 * second))
    order = sources[np.argsort(-first[sources], kind="stable")]
    _, once = np.unique(nearest[order], return_index=True)
    sources = order[once]
    return sources, nearest[sources]


def _consensus(ours: Floats, theirs: Floats, variant: Variant) -> Order:
    """The largest group of pairs (x, y, size, direction) that agree on scale and rotation."""
    octaves = np.log2(np.maximum(theirs[:, 2], 1e-3) / np.maximum(ours[:, 2], 1e-3))
    turn = theirs[:, 3] + ours[:, 3] if variant.is_mirrored else theirs[:, 3] - ours[:, 3]
    off_scale = np.abs(octaves[:, None] - octaves[None, :])
    off_angle = np.abs((turn[:, None] - turn[None, :] + 180) % 360 - 180)
    near = (off_scale < _SCALE_BAND) & (off_angle < _ANGLE_BAND)
    return np.flatnonzero(near[near.sum(axis=1).argmax()])


def _robust(ours: Floats, theirs: Floats, chosen: Order, tolerance: float) -> tuple[Matrix, Order] | None:
    """RANSAC on the chosen pairs, then all pairs that fit; refitted once on those."""
    cv2.setRNGSeed(1)
    found, _ = cv2.estimateAffine2D(
        ours[chosen], theirs[chosen], method=cv2.RANSAC, ransacReprojThreshold=tolerance,
        maxIters=1000, confidence=0.995,
    )  # fmt: skip
    if found is None or not np.isfinite(found).all():
        return None
    matrix = np.asarray(found, dtype=np.float64)
    inliers = chosen
    for _ in range(2):
        inliers = np.flatnonzero(_residuals(matrix, ours, theirs) < tolerance)
        if len(inliers) < 4:
            return None
        matrix = _least_squares(ours[inliers], theirs[inliers])
    return matrix, inliers


def _residuals(matrix: Matrix, ours: Floats, theirs: Floats) -> Matrix:
    mapped = ours @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(np.linalg.norm(mapped - theirs, axis=1), dtype=np.float64)


def _least_squares(ours: Floats, theirs: Floats) -> Matrix:
    design = np.column_stack([ours, np.ones(len(ours))]).astype(np.float64)
    solution, *_ = np.linalg.lstsq(design, theirs.astype(np.float64), rcond=None)
    return np.asarray(solution.T)


def _distinct(ours: Floats, theirs: Floats, size: tuple[int, int]) -> int:
    """Inliers at distinct places on both sides; few when they are crowded on a detail."""
    grain = max(1.0, _SAME_PLACE * max(size) / 640)
    spread = float(np.ptp(theirs, axis=0).max())
    fine = max(1.0, min(3.0, spread / 60))
    places = min(
        len(np.unique(np.round(ours / grain), axis=0)),
        len(np.unique(np.round(theirs / fine), axis=0)),
    )
    hull = cv2.contourArea(cv2.convexHull(np.ascontiguousarray(ours)))
    if hull < _LEAST_HULL * size[0] * size[1]:
        return min(places, 4)
    return places


def _sane(matrix: Matrix, variant: Variant) -> bool:
    """Neither folded nor stretched beyond what people do to pictures; mirrored as announced."""
    linear = matrix[:, :2]
    strongest, weakest = np.linalg.svd(linear, compute_uv=False)
    if weakest < _LEAST_SCALE or strongest > _MOST_SCALE:
        return False
    if strongest / weakest > _MOST_STRETCHED:
        return False
    return bool((np.linalg.det(linear) < 0) == variant.is_mirrored)
