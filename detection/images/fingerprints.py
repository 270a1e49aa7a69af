"""A picture measured: two hashes for the whole, local features for its parts."""

from __future__ import annotations

import io

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
import pdqhash
from PIL import Image

from detection.images.decode import Picture
from detection.images.features import Features, extract, pack
from detection.types import Fingerprint

ALGORITHM = "pdq+phash+rootsift"
VERSION = 1

Colours = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint8]

#: Photographs to look for: 500 features at 640 pixels (64 kB).
REFERENCE_SIDE, REFERENCE_FEATURES = 640, 500
#: Images to look in: small ones are enlarged a little, large ones shrunk.
FOUND_SIDE, FOUND_LEAST_SIDE, FOUND_FEATURES = 640, 480, 900
_MOST_ENLARGED = 3.0
#: PDQ blurs to 64 x 64 anyway.
_HASHED_SIDE = 512
#: The picture kept for comparing pixels under the geometry.
_KEPT_SIDE, _KEPT_QUALITY = 384, 88


def fingerprint_reference(picture: Picture) -> Fingerprint:
    """Measure a photograph whose copies will be looked for."""
    return measure(picture, REFERENCE_FEATURES, least=400, most=REFERENCE_SIDE)


def fingerprint_found(picture: Picture) -> Fingerprint:
    """Measure an image in which photographs will be looked for."""
    return measure(picture, FOUND_FEATURES, least=FOUND_LEAST_SIDE, most=FOUND_SIDE)


def measure(picture: Picture, count: int, least: int, most: int) -> Fingerprint:
    """Hashes of the whole and `count` features at a side between `least` and `most`."""
    bits, quality = pdq_bits(picture.image)
    features = local_features(picture, count, least, most)
    kept = Features(features.keypoints, features.descriptors, thumbnail_jpeg(picture.image))
    phash = imagehash.phash(picture.image)
    return Fingerprint(
        algorithm=ALGORITHM,
        version=VERSION,
        pdq=np.packbits(bits[0]).tobytes(),
        pdq_quality=quality,
        phash=np.packbits(phash.hash.reshape(-1)).tobytes(),
        features=pack(kept),
        feature_count=features.count,
        width=picture.width,
        height=picture.height,
    )


def pdq_bits(image: Image.Image) -> tuple[Bits, int]:
    """The hashes of the eight orientations (8 x 256 bits) and the quality 0..100."""
    small = image.copy()
    small.thumbnail((_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.BILINEAR)
    hashes, quality = pdqhash.compute_dihedral(np.ascontiguousarray(small.convert("RGB")))
    return np.array(hashes, dtype=np.uint8), int(quality)


def local_features(picture: Picture, count: int, least: int, most: int) -> Features:
    """Features at a side between `least` and `most`, in pixels of the original image."""
    grey = np.asarray(picture.image.convert("L"))
    factor = side_factor(max(grey.shape), least, most)
    if factor != 1.0:
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=how).astype(np.uint8)
    return extract(grey, count, max(picture.width, picture.height) / max(grey.shape))


def side_factor(side: int, least: int, most: int) -> float:
    """How much to scale a picture so that its longer side is useful."""
    if side > most:
        return most / side
    if side < least:
        return min(_MOST_ENLARGED, least / side)
    return 1.0


def thumbnail_jpeg(image: Image.Image) -> bytes:
    """The small picture that is kept with the features."""
    small = image.copy()
    small.thumbnail((_KEPT_SIDE, _KEPT_SIDE), Image.Resampling.LANCZOS)
    small.info.clear()
    target = io.BytesIO()
    small.convert("RGB").save(target, "JPEG", quality=_KEPT_QUALITY)
    return target.getvalue()
