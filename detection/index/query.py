"""An image that photographs are looked for in, as the index sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from detection.images.features import INVERTED, MIRRORED, Features

Bits = npt.NDArray[np.uint8]
Order = npt.NDArray[np.intp]

_IDENTITY = np.arange(128)


class Variant(StrEnum):
    """How a copy may be turned inside out; all four share one extraction."""

    PLAIN = "features"
    MIRRORED = "features-mirrored"
    INVERTED = "features-inverted"
    MIRRORED_INVERTED = "features-mirrored-inverted"

    @property
    def permutation(self) -> Order:
        """Where each number of a descriptor of the copy comes from."""
        return _PERMUTATIONS[self]

    @property
    def is_mirrored(self) -> bool:
        """Left and right are exchanged."""
        return self in (Variant.MIRRORED, Variant.MIRRORED_INVERTED)

    @property
    def is_inverted(self) -> bool:
        """Light and dark are exchanged."""
        return self in (Variant.INVERTED, Variant.MIRRORED_INVERTED)

    @staticmethod
    def of(mirrored: bool, inverted: bool) -> Variant:
        """The variant with these two properties."""
        if inverted:
            return Variant.MIRRORED_INVERTED if mirrored else Variant.INVERTED
        return Variant.MIRRORED if mirrored else Variant.PLAIN


_PERMUTATIONS: dict[Variant, Order] = {
    Variant.PLAIN: _IDENTITY,
    Variant.MIRRORED: MIRRORED,
    Variant.INVERTED: INVERTED,
    Variant.MIRRORED_INVERTED: MIRRORED[INVERTED],
}


@dataclass(frozen=True, slots=True)
class Query:
    """Hashes in eight orientations (8 x 256 bits; the last four mirrored) and local features."""

    pdq: Bits | None
    pdq_quality: int
    features: Features


@dataclass(frozen=True, slots=True)
class Proposal:
    """A photograph to verify and the variant to verify it in."""

    work_id: str
    variant: Variant
    score: float
    #: Differing bits of 256, when the hash proposed it.
    pdq_distance: int | None = None
