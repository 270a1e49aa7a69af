"""A fingerprint as one header and one block of bytes."""

from __future__ import annotations

from detection.images.wire import Header
from detection.types import Fingerprint

_PDQ_BYTES = 32
_PHASH_BYTES = 8


def fingerprint_to_wire(fingerprint: Fingerprint) -> tuple[Header, bytes]:
    """Everything countable in the header; both hashes and the features in the block."""
    header: Header = {
        "algorithm": fingerprint.algorithm,
        "version": fingerprint.version,
        "pdq_quality": fingerprint.pdq_quality,
        "feature_count": fingerprint.feature_count,
        "width": fingerprint.width,
        "height": fingerprint.height,
    }
    return header, fingerprint.pdq + fingerprint.phash + fingerprint.features


def fingerprint_from_wire(header: Header, body: bytes) -> Fingerprint:
    """The fingerprint that was sent."""
    split = _PDQ_BYTES + _PHASH_BYTES
    return Fingerprint(
        algorithm=str(header["algorithm"]),
        version=int(header["version"]),
        pdq=body[:_PDQ_BYTES],
        pdq_quality=int(header["pdq_quality"]),
        phash=body[_PDQ_BYTES:split],
        features=body[split:],
        feature_count=int(header["feature_count"]),
        width=int(header["width"]),
        height=int(header["height"]),
    )
