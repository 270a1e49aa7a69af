"""The facts that cross the border between detection and the rest: frozen, typed, without behaviour.

All lengths are pixels, all shares lie in 0..1, all identifiers are strings chosen by the caller.
Detection states facts only; what they are worth and what follows is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: x to the right, y downwards, in pixels of the found image.
Point = tuple[float, float]

#: The visible part of the photograph inside the found image: a convex polygon, clipped at the
#: image border. Four points for a photograph laid straight into a page; a turned one that is cut
#: by the border has up to eight.
Outline = tuple[Point, ...]


class MatchKind(StrEnum):
    """What was done to the photograph, the strongest change first named."""

    #: The same picture at the same size.
    EXACT = "exact"
    #: The whole picture at another size or compression.
    RESIZED = "resized"
    #: The whole picture in other colours (grey, sepia, tinted, inverted).
    RECOLOURED = "recoloured"
    #: The whole picture, left and right exchanged.
    MIRRORED = "mirrored"
    #: A part of the picture fills the found image.
    CROPPED = "cropped"
    #: The picture is one part of a larger image.
    COLLAGE = "collage"
    #: The picture with something over it, turned or distorted.
    ALTERED = "altered"


class Certainty(StrEnum):
    """How sure the geometry is."""

    #: Enough agreeing points, spread out, and the pixels under them agree too.
    CONFIRMED = "confirmed"
    #: A person has to look: few points, or the same scene but perhaps not the same photograph.
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the safe decoder says about the bytes of one image."""

    #: JPEG, PNG, WEBP, GIF, TIFF, HEIC or AVIF: by content, never by name.
    format: str
    width: int
    height: int
    frames: int
    #: Hex SHA-256 of the bytes as they were given.
    sha256: str
    #: Short keys of what a person should know: see detection.images.refusals.REMARKS.
    remarks: tuple[str, ...] = ()

    @property
    def media_type(self) -> str:
        """The MIME type that belongs to the format."""
        return f"image/{self.format.lower()}"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Everything a later comparison needs; made once, kept for the life of the photograph."""

    algorithm: str
    version: int
    #: 256 bits, 32 bytes, most significant bit first.
    pdq: bytes
    #: 0..100; below 50 the hash decides nothing.
    pdq_quality: int
    #: 64 bits, 8 bytes.
    phash: bytes
    #: Packed local features and a small picture: see detection.images.packing.
    features: bytes
    feature_count: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Reference:
    """One photograph that copies are looked for."""

    work_id: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Candidate:
    """A photograph worth verifying; nothing is accepted without geometry."""

    work_id: str
    #: Larger is more promising; comparable within one source only.
    score: float
    #: "pdq" or "features".
    source: str


@dataclass(frozen=True, slots=True)
class Match:
    """One photograph found in one image."""

    work_id: str
    kind: MatchKind
    certainty: Certainty
    #: Distinct positions that agree on one geometry.
    inliers: int
    #: Differing bits of 256 over the eight orientations; None when the hash has no say.
    pdq_distance: int | None
    mirrored: bool
    #: How much of the photograph can be seen, 0..1.
    visible_share: float
    #: How much of the found image it fills, 0..1.
    covered_share: float
    outline: Outline
    #: A plain sentence for people.
    sentence: str
