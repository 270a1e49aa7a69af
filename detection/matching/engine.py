"""The cascade, inside a child: propose, fit, compare, and look closer where it may pay."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from detection.images.decode import Picture, picture_of
from detection.images.features import Features, unpack
from detection.images.fingerprints import (
    FOUND_FEATURES,
    FOUND_LEAST_SIDE,
    FOUND_SIDE,
    local_features,
    pdq_bits,
)
from detection.images.limits import FOUND, Limits
from detection.index.interface import Index
from detection.index.query import Proposal, Query
from detection.matching import thresholds as t
from detection.matching.geometry import Described, fit
from detection.matching.regions import Box, picture_regions
from detection.matching.verdict import Photograph, Scene, judge, judge_hash
from detection.types import Certainty, Fingerprint, Match, Reference

#: The closer look: more pixels, more features.
_CLOSER_SIDE, _CLOSER_FEATURES = 1600, 3000
#: Regions of a page are questions of their own, at this size.
_REGION_SIDE, _REGION_LEAST_SIDE, _REGION_FEATURES = 640, 480, 500
#: Images smaller than this are not searched for regions.
_PAGE_SIDE = 500


@dataclass(frozen=True, slots=True)
class _Findings:
    """Matches so far, and photographs that came near one."""

    matches: list[Match]
    hopeful: list[Proposal]


class MatchEngine:
    """All photographs of a house against one image after the other."""

    def __init__(self, index: Index, references: Iterable[Reference] = ()) -> None:
        self._index = index
        self._photographs: dict[str, Photograph] = {}
        for reference in references:
            self.add(reference)

    def add(self, reference: Reference) -> None:
        """Take a photograph in; the same work again replaces it."""
        self._index.add(reference)
        features = unpack(reference.fingerprint.features)
        self._photographs[reference.work_id] = Photograph(
            work_id=reference.work_id,
            described=Described(features),
            size=(reference.fingerprint.width, reference.fingerprint.height),
            picture=_pixels(features.thumbnail),
        )

    def remove(self, work_id: str) -> None:
        """Forget a photograph."""
        self._index.remove(work_id)
        self._photographs.pop(work_id, None)

    def match(self, data: bytes, limits: Limits = FOUND) -> list[Match]:
        """Every photograph found in the image, the surest first; raises ImageRefused."""
        picture = picture_of(data, limits, FOUND_SIDE)
        bits, quality = pdq_bits(picture.image)
        features = local_features(picture, FOUND_FEATURES, FOUND_LEAST_SIDE, FOUND_SIDE)
        scene = _scene(picture)
        findings = self._look(scene, Query(bits, quality, features))
        matches = findings.matches
        if not _settled(matches) and findings.hopeful:
            matches = _merged(matches + self._look_closer(data, limits, findings.hopeful))
        if not _settled(matches) and max(picture.image.size) >= _PAGE_SIDE:
            matches = _merged(matches + self._look_in_regions(picture, scene))
        return matches

    def match_fingerprint(self, fingerprint: Fingerprint) -> list[Match]:
        """The same from a stored fingerprint: one look, at the small picture's detail."""
        features = unpack(fingerprint.features)
        size = (fingerprint.width, fingerprint.height)
        scene = Scene(_pixels(features.thumbnail), size)
        image = Image.fromarray(scene.pixels)
        bits, quality = pdq_bits(image)
        return self._look(scene, Query(bits, quality, features)).matches

    def _look(self, scene: Scene, query: Query, limit: int = t.CANDIDATES) -> _Findings:
        """Verify what the index proposes; who is found by the whole frame is not asked again."""
        near = self._verify(scene, query.features, self._index.by_hash(query))
        if _settled(near.matches):
            return near
        voted = self._verify(scene, query.features, self._index.by_features(query, limit))
        return _Findings(_merged(near.matches + voted.matches), near.hopeful + voted.hopeful)

    def _verify(self, scene: Scene, features: Features, proposals: list[Proposal]) -> _Findings:
        matches: list[Match] = []
        hopeful: list[Proposal] = []
        described = Described(features)
        for proposal in proposals:
            photograph = self._photographs[proposal.work_id]
            geometry = fit(
                described, photograph.described, proposal.variant, max(scene.size), photograph.size
            )
            match = None
            if geometry is not None:
                match = judge(scene, photograph, geometry, proposal.pdq_distance)
            if match is None and proposal.pdq_distance is not None:
                match = judge_hash(scene, photograph, proposal.variant, proposal.pdq_distance)
            if match is not None:
                matches.append(match)
            near = geometry is not None and geometry.inliers >= t.HOPEFUL_INLIERS
            if near and (match is None or match.certainty is Certainty.UNCERTAIN):
                hopeful.append(proposal)
        return _Findings(_merged(matches), hopeful)

    def _look_closer(self, data: bytes, limits: Limits, hopeful: list[Proposal]) -> list[Match]:
        """Only the photographs that came near, with more features of a larger picture."""
        picture = picture_of(data, limits, _CLOSER_SIDE)
        features = local_features(picture, _CLOSER_FEATURES, 2 * FOUND_LEAST_SIDE, _CLOSER_SIDE)
        return self._verify(_scene(picture), features, hopeful).matches

    def _look_in_regions(self, picture: Picture, scene: Scene) -> list[Match]:
        """Every picture on a page as a question of its own."""
        grey = np.asarray(picture.image.convert("L"))
        matches: list[Match] = []
        for box in picture_regions(grey):
            features = self._region_features(picture, box)
            query = Query(None, 0, features)
            matches += self._look(scene, query, limit=5).matches
        return matches

    @staticmethod
    def _region_features(picture: Picture, box: Box) -> Features:
        """Features of one region, in pixels of the whole image."""
        part = picture.image.crop(box)
        scale = max(picture.width, picture.height) / max(picture.image.size)
        size = (round(part.width * scale), round(part.height * scale))
        small = Picture(part, size[0], size[1], ())
        features = local_features(small, _REGION_FEATURES, _REGION_LEAST_SIDE, _REGION_SIDE)
        keypoints = features.keypoints.copy()
        keypoints[:, :2] += np.array(box[:2], np.float32) * scale
        return Features(keypoints, features.descriptors)


def _settled(matches: list[Match]) -> bool:
    return any(match.certainty is Certainty.CONFIRMED for match in matches)


def _merged(matches: list[Match]) -> list[Match]:
    """The match of every photograph that most places agree on, the surest first."""
    best: dict[str, Match] = {}
    for match in sorted(matches, key=_rank):
        known = best.get(match.work_id)
        if known is None or match.inliers > known.inliers:
            best[match.work_id] = match
    return sorted(best.values(), key=_rank)


def _rank(match: Match) -> tuple[bool, int, str]:
    return (match.certainty is not Certainty.CONFIRMED, -match.inliers, match.work_id)


def _scene(picture: Picture) -> Scene:
    return Scene(np.asarray(picture.image), (picture.width, picture.height))


def _pixels(jpeg: bytes) -> npt.NDArray[np.uint8]:
    """The small picture of a fingerprint, which we encoded ourselves."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        return np.asarray(image.convert("RGB"))
