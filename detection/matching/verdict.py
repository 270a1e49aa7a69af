# ruff: noqa: PLR2004 - corners of a polygon
"""One photograph, one image, one geometry: a match or nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detection.index.query import Variant
from detection.matching import thresholds as t
from detection.matching.agreement import Agreement, compare
from detection.matching.describe import kind_of, measure_change, sentence_of
from detection.matching.geometry import Described, Geometry
from detection.matching.polygons import area, clip, mapped, rectangle
from detection.types import Certainty, Match, Outline

Matrix = npt.NDArray[np.float64]
Colours = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Photograph:
    """A reference, unfolded: features in original pixels and the small picture."""

    work_id: str
    described: Described
    size: tuple[int, int]
    picture: Colours


@dataclass(frozen=True, slots=True)
class Scene:
    """An image that is searched: some pixels of it, and its size before shrinking."""

    pixels: Colours
    size: tuple[int, int]


def judge(scene: Scene, photograph: Photograph, geometry: Geometry, pdq_distance: int | None) -> Match | None:
    """The match that geometry and pixels together support."""
    if geometry.inliers < t.UNCERTAIN_INLIERS and pdq_distance is None:
        return None
    agreement = _agreement(scene, photograph, geometry.matrix, geometry.variant)
    if agreement.telling >= t.LEAST_TELLING and agreement.agreeing < t.UNCERTAIN_AGREEMENT:
        return None
    if geometry.inliers < t.UNCERTAIN_INLIERS and agreement.agreeing < t.HASH_AGREEMENT:
        return None
    return _match(scene, photograph, geometry, agreement, pdq_distance)


def judge_hash(scene: Scene, photograph: Photograph, variant: Variant, pdq_distance: int) -> Match | None:
    """A hash neighbour without usable features: the pixels of the whole frames must agree."""
    best: tuple[float, Geometry, Agreement] | None = None
    for matrix in _whole_frame_maps(photograph.size, scene.size, variant.is_mirrored):
        agreement = _agreement(scene, photograph, matrix, variant)
        if best is None or agreement.agreeing > best[0]:
            best = (agreement.agreeing, Geometry(matrix, 0, variant), agreement)
    if best is None or best[0] < t.HASH_AGREEMENT or best[2].telling < t.LEAST_TELLING:
        return None
    return _match(scene, photograph, best[1], best[2], pdq_distance)


def _agreement(scene: Scene, photograph: Photograph, matrix: Matrix, variant: Variant) -> Agreement:
    """Compare at the size of the pixels at hand."""
    small = matrix.copy()
    small[0] *= scene.pixels.shape[1] / scene.size[0]
    small[1] *= scene.pixels.shape[0] / scene.size[1]
    small[:, 0] *= photograph.size[0] / photograph.picture.shape[1]
    small[:, 1] *= photograph.size[1] / photograph.picture.shape[0]
    return compare(photograph.picture, scene.pixels, small, variant.is_inverted)


def _match(
    scene: Scene,
    photograph: Photograph,
    geometry: Geometry,
    agreement: Agreement,
    pdq_distance: int | None,
) -> Match:
    outline, shares = _outline(scene, photograph, geometry.matrix, agreement)
    certainty = _certainty(geometry.inliers, agreement, shares)
    change = measure_change(
        agreement,
        geometry.matrix,
        mirrored=geometry.variant.is_mirrored,
        inverted=geometry.variant.is_inverted,
        shares=shares,
        same_size=scene.size == photograph.size,
    )
    kind = kind_of(change)
    return Match(
        work_id=photograph.work_id,
        kind=kind,
        certainty=certainty,
        inliers=geometry.inliers,
        pdq_distance=pdq_distance,
        mirrored=geometry.variant.is_mirrored,
        visible_share=shares[0],
        covered_share=shares[1],
        outline=outline,
        sentence=sentence_of(kind, change, certainty),
    )


def _certainty(inliers: int, agreement: Agreement, shares: tuple[float, float]) -> Certainty:
    sure = (
        inliers >= t.CONFIRMED_INLIERS
        and agreement.telling >= t.LEAST_TELLING
        and agreement.agreeing >= t.CONFIRMED_AGREEMENT
        and agreement.close >= t.CONFIRMED_CLOSE
        and not _may_be_another_frame(agreement, shares)
    )
    return Certainty.CONFIRMED if sure else Certainty.UNCERTAIN


def _may_be_another_frame(agreement: Agreement, shares: tuple[float, float]) -> bool:
    """The image shows more of the scene, or overlaps in a way that leaves it open."""
    if agreement.running_on is None:
        return shares[0] < t.WHOLE and shares[1] < t.FILLING
    return agreement.running_on > t.MOST_RUNNING_ON


def _outline(
    scene: Scene, photograph: Photograph, matrix: Matrix, agreement: Agreement
) -> tuple[Outline, tuple[float, float]]:
    """The visible part in the image, and how much of photograph and image it is."""
    whole = _placed(scene, photograph, matrix, (0.0, 0.0, 1.0, 1.0))
    if whole[1][1] >= t.FILLING:
        return whole  # what does not agree lies over the photograph, not beside it
    return _placed(scene, photograph, matrix, agreement.kept)


def _placed(
    scene: Scene, photograph: Photograph, matrix: Matrix, kept: tuple[float, float, float, float]
) -> tuple[Outline, tuple[float, float]]:
    """A part of the photograph in the image, clipped, with its two shares."""
    width, height = photograph.size
    left, top, right, bottom = kept
    part = rectangle(left * width, top * height, right * width, bottom * height)
    inside = clip(mapped(matrix, part), *scene.size)
    if len(inside) < 3:
        return tuple(mapped(matrix, part)), (0.0, 0.0)
    seen = area(inside)
    whole = abs(float(np.linalg.det(matrix[:, :2]))) * width * height
    shares = (min(1.0, seen / whole), min(1.0, seen / (scene.size[0] * scene.size[1])))
    return tuple((round(x, 1), round(y, 1)) for x, y in inside), shares


def _whole_frame_maps(ours: tuple[int, int], theirs: tuple[int, int], mirrored: bool) -> list[Matrix]:
    """Whole photograph onto whole image, in the four turns."""
    maps: list[Matrix] = []
    for turn in range(4):
        cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[turn]
        linear = np.array([[cos, -sin], [sin, cos]], float)
        if mirrored:
            linear = linear @ np.diag([-1.0, 1.0])
        unit = np.diag([1 / ours[0], 1 / ours[1]])
        scaled = np.diag([float(theirs[0]), float(theirs[1])]) @ linear @ unit
        centre = np.array([theirs[0], theirs[1]]) / 2 - scaled @ np.array(ours) / 2
        maps.append(np.column_stack([scaled, centre]))
    return maps
