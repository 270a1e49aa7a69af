"""How well copies of a photograph can be told apart, from its fingerprint alone."""

from __future__ import annotations

from enum import StrEnum

from detection.types import Fingerprint

#: Below this the hash itself says that it decides nothing (the authors of PDQ use 50).
PDQ_QUALITY_FLOOR = 50
#: With fewer features a crop rarely keeps the sixteen that confirm a match.
FEATURES_FOR_CROPS = 120
#: With fewer features even the whole picture is rarely confirmed.
FEATURES_AT_ALL = 40


class Distinctiveness(StrEnum):
    """What the owner should expect."""

    #: Copies, crops and collages are found.
    GOOD = "good"
    #: Whole copies are found, crops often not.
    LOW = "low"
    #: Hardly anything is found.
    NONE = "none"


def distinctiveness(fingerprint: Fingerprint) -> Distinctiveness:
    """The expectation that goes with a fingerprint."""
    hash_says = fingerprint.pdq_quality >= PDQ_QUALITY_FLOOR
    if fingerprint.feature_count >= FEATURES_FOR_CROPS and hash_says:
        return Distinctiveness.GOOD
    if fingerprint.feature_count >= FEATURES_AT_ALL or hash_says:
        return Distinctiveness.LOW
    return Distinctiveness.NONE
