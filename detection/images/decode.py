# ruff: noqa: PLR2004 - limits of 8-bit values
"""Decoding with Pillow, in the child only: one frame, upright, sRGB, on white, at a useful size."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, ImageStat

from detection.images.containers import Container, examine
from detection.images.limits import Limits
from detection.images.refusals import ImageRefused, refusal
from detection.types import ImageInfo

pillow_heif.register_heif_opener(thumbnails=False)
warnings.simplefilter("error", Image.DecompressionBombWarning)

_OPENERS = {"HEIC": "HEIF"}
_ORIENTATION = 0x0112
_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
#: What decoders raise on broken bytes.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError,
    RuntimeError, struct.error, zlib.error,
)  # fmt: skip
#: Longest side that inspection decodes to, and that fingerprints start from.
INSPECTED_SIDE = 512
MEASURED_SIDE = 1024
#: Standard deviation of the grey values under which a picture is one plain colour.
_PLAIN = 1.0
_DISPLAY_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame and how large it was before it was shrunk."""

    image: Image.Image
    width: int
    height: int
    remarks: tuple[str, ...]


def inspect_image(data: bytes, limits: Limits) -> ImageInfo:
    """Decode everything once; raises ImageRefused when the image is of no use."""
    container, picture = _decode(data, limits, INSPECTED_SIDE)
    grey = picture.image.convert("L")
    spread = ImageStat.Stat(grey).stddev[0]
    if spread < _PLAIN:
        raise refusal("not_distinctive")
    remarks = list(picture.remarks)
    if _details(grey) < _FEW_DETAILS:
        remarks.append("low_distinctiveness")
    return ImageInfo(
        format=container.format,
        width=picture.width,
        height=picture.height,
        frames=container.frames,
        sha256=hashlib.sha256(data).hexdigest(),
        remarks=tuple(remarks),
    )


def picture_of(data: bytes, limits: Limits, max_side: int = MEASURED_SIDE) -> Picture:
    """The first frame, upright, in sRGB, at most `max_side` long."""
    return _decode(data, limits, max_side)[1]


def normalised_jpeg(data: bytes, limits: Limits, max_side: int) -> bytes:
    """A fresh JPEG of the first frame without any metadata."""
    picture = picture_of(data, limits, max_side)
    picture.image.info.clear()  # Pillow would write comments and profiles back
    target = io.BytesIO()
    picture.image.save(target, "JPEG", quality=_DISPLAY_QUALITY, optimize=True)
    return target.getvalue()


#: Share of cells with visible edges under which a picture counts as little detailed.
_FEW_DETAILS = 0.08
_CELL = 16
_EDGE = 6.0


def _details(grey: Image.Image) -> float:
    """Share of 16-pixel cells in which something can be seen."""
    cells = np.asarray(grey.resize((INSPECTED_SIDE, INSPECTED_SIDE)), dtype=np.float32)
    count = INSPECTED_SIDE // _CELL
    spreads = cells.reshape(count, _CELL, count, _CELL).std(axis=(1, 3))
    return float((spreads > _EDGE).mean())


def _decode(data: bytes, limits: Limits, max_side: int) -> tuple[Container, Picture]:
    container = examine(data, limits)
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    try:
        with Image.open(io.BytesIO(data), formats=(_opener(container),)) as opened:
            return container, _first_frame(opened, container, limits, max_side)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as bomb:
        raise refusal("too_many_pixels", max_megapixels=limits.max_pixels // 10**6) from bomb
    except ImageRefused:
        raise
    except _BROKEN as broken:
        raise _what_broke(broken) from broken


def _opener(container: Container) -> str:
    return _OPENERS.get(container.format, container.format)


def _what_broke(broken: BaseException) -> ImageRefused:
    words = str(broken).lower()
    if "truncated" in words or "unexpected end" in words or isinstance(broken, EOFError):
        return refusal("truncated")
    if "too large" in words or "too much memory" in words:
        return refusal("metadata_bomb")
    if "broken" in words or "checksum" in words or "corrupt" in words:
        return refusal("corrupt")
    return refusal("unreadable")


def _first_frame(opened: Image.Image, container: Container, limits: Limits, max_side: int) -> Picture:
    """Check the announced size, decode, and bring to one form."""
    width, height = opened.size
    _check_dimensions(width, height, limits)
    remarks = ["first_frame_only"] if container.frames > 1 else []
    if opened.mode == "1":
        remarks.append("one_bit")
    turn = _orientation(opened, remarks)
    profile = opened.info.get("icc_profile")
    opened.draft(opened.mode, (max_side, max_side))
    opened.load()
    image = _shrink(_eight_bit(opened), max_side)
    image = _to_srgb(image, profile, remarks)
    if turn is not None:
        image = image.transpose(turn)
        if turn.value >= Image.Transpose.ROTATE_90 and turn != Image.Transpose.ROTATE_180:
            width, height = height, width
    return Picture(image, width, height, tuple(remarks))


def _check_dimensions(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.max_pixels:
        raise refusal("too_many_pixels", max_megapixels=limits.max_pixels // 10**6)
    if max(width, height) > limits.max_side:
        raise refusal("dimensions", max_side=limits.max_side)
    if min(width, height) < limits.min_side:
        raise refusal("too_small", min_side=limits.min_side)


def _orientation(opened: Image.Image, remarks: list[str]) -> Image.Transpose | None:
    """The turn that EXIF asks for. HEIC is turned by its decoder already."""
    if opened.format == "HEIF":
        return None
    try:
        said = opened.getexif().get(_ORIENTATION, 1)
    except _BROKEN:
        said = 0
    if said not in range(1, 9):
        remarks.append("orientation_ignored")
        return None
    return _ORIENTATIONS.get(said)


def _eight_bit(image: Image.Image) -> Image.Image:
    """Grey images with 16 or 32 bits, stretched onto 8; palettes unfolded."""
    if image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.float32) / 257.0
    elif image.mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(image, dtype=np.float32))
        low, high = float(values.min()), float(values.max())
        scale = 257.0 if image.mode == "I" and low >= 0 and high > 255 else 1.0
        if scale == 1.0 and (low < 0 or high > 255 or high <= 1):
            values, scale = (values - low) * 255, max(high - low, 1e-6)
        values = values / scale
    elif image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode == "1":
        return image.convert("L")
    else:
        return image
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _shrink(image: Image.Image, max_side: int) -> Image.Image:
    """At most `max_side` long; transparent pixels keep no colour of their own."""
    if max(image.size) <= max_side:
        return image
    scale = max_side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if image.mode == "RGBA":
        factor = max(1, min(image.width // size[0], image.height // size[1]) // 2)
        image = _on_white(image.reduce(factor) if factor > 1 else image)
    elif image.mode not in ("L", "RGB", "CMYK", "LAB", "YCbCr"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        return _shrink(image, max_side)
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _to_srgb(image: Image.Image, profile: object, remarks: list[str]) -> Image.Image:
    """RGB in sRGB on white."""
    if image.has_transparency_data:
        image = _on_white(image.convert("RGBA"))
    if isinstance(profile, bytes) and profile and image.mode in ("L", "RGB", "CMYK", "LAB"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, *_BROKEN):
            remarks.append("profile_dropped")
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image).convert("RGB")
