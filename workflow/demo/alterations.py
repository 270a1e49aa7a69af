"""What people on the web do to a photograph before they publish it, drawn from a seeded generator.

Every function takes a picture in RGB and gives a new one; the caller saves it with the returned
JPEG quality. The longest side of a result lies between `SMALLEST` and `LARGEST` pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

SMALLEST = 420
LARGEST = 1200

#: A collage is two by two: one picture and this many beside it.
COMPANIONS = 3
_SHARE_TURNED = 0.3

_FONT = (
    Path(__file__).parents[1] / "web/static/vendor/fonts/source-sans-3/source-sans-3-latin-600-normal.woff2"
)
_CAPTIONS = (
    "Unterwegs 2023",
    "Natur erleben",
    "Ein Tag am Weg",
    "Weekend trip",
    "Neu im Programm",
    "Entdecken und staunen",
    "Our favourite views",
    "Jetzt Platz sichern",
)
_MARKS = ("natur-bilder", "reiseblick", "bergzeit", "fernsicht")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Kind(StrEnum):
    """How a planted use differs from the original."""

    RESIZED = "resized"
    RECOMPRESSED = "recompressed"
    RECOLOURED = "recoloured"
    MIRRORED = "mirrored"
    CROPPED = "cropped"
    TEXT = "text"
    COLLAGE = "collage"


@dataclass(frozen=True, slots=True)
class Altered:
    """The altered picture, the JPEG quality it is published with and what was done to it."""

    picture: Image.Image
    quality: int
    detail: str


def alter(
    kind: Kind, picture: Image.Image, random: Random, companions: Sequence[Image.Image] = ()
) -> Altered:
    """Alter `picture`; a collage needs three `companions`."""
    if kind is Kind.COLLAGE:
        return _collage(picture, random, companions)
    return _ALTERATIONS[kind](picture, random)


def scaled(picture: Image.Image, longest_side: int) -> Image.Image:
    """The picture with exactly this longest side."""
    factor = longest_side / max(picture.size)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _resized(picture: Image.Image, random: Random) -> Altered:
    side = random.randint(SMALLEST, 820)
    return Altered(scaled(picture, side), random.randint(80, 90), f"longest side {side}")


def _recompressed(picture: Image.Image, random: Random) -> Altered:
    side = min(random.randint(960, LARGEST), max(picture.size))
    quality = random.randint(18, 42)
    return Altered(scaled(picture, side), quality, f"JPEG quality {quality}")


def _recoloured(picture: Image.Image, random: Random) -> Altered:
    name, change = random.choice(_COLOURINGS)
    return Altered(change(scaled(picture, random.randint(640, 1000))), 85, name)


def _mirrored(picture: Image.Image, random: Random) -> Altered:
    side = random.randint(600, 1000)
    return Altered(ImageOps.mirror(scaled(picture, side)), 85, f"longest side {side}")


def _cropped(picture: Image.Image, random: Random) -> Altered:
    area = random.uniform(0.5, 0.7)
    stretch = random.uniform(0.9, 1.1)
    width = min(picture.width, round(picture.width * math.sqrt(area) * stretch))
    height = min(picture.height, round(area * picture.width * picture.height / width))
    left = random.randint(0, picture.width - width)
    top = random.randint(0, picture.height - height)
    part = scaled(picture.crop((left, top, left + width, top + height)), random.randint(560, 900))
    turned = random.random() < _SHARE_TURNED
    detail = f"{area:.0%} of the area" + (", mirrored" if turned else "")
    return Altered(ImageOps.mirror(part) if turned else part, 86, detail)


def _with_text(picture: Image.Image, random: Random) -> Altered:
    base = scaled(picture, random.randint(680, 1080))
    name, write = random.choice(_WRITINGS)
    return Altered(write(base, random), 86, name)


def _collage(picture: Image.Image, random: Random, companions: Sequence[Image.Image]) -> Altered:
    assert len(companions) == COMPANIONS, "a collage of two by two needs three companions"
    aspect = min(1.5, max(0.9, picture.width / picture.height))
    gap = random.choice((4, 8, 12))
    cell = (560, round(560 / aspect)) if aspect >= 1 else (round(560 * aspect), 560)
    place = random.randrange(4)
    pictures = list(companions)
    pictures.insert(place, picture)
    sheet = Image.new("RGB", (2 * cell[0] + 3 * gap, 2 * cell[1] + 3 * gap), random.choice(("#fff", "#222")))
    for index, each in enumerate(pictures):
        corner = (gap + index % 2 * (cell[0] + gap), gap + index // 2 * (cell[1] + gap))
        sheet.paste(ImageOps.fit(each, cell, Image.Resampling.BICUBIC), corner)
    return Altered(sheet, 86, f"place {place + 1} of 4")


def grey(picture: Image.Image) -> Image.Image:
    """Black and white."""
    return ImageOps.grayscale(picture).convert("RGB")


def sepia(picture: Image.Image) -> Image.Image:
    """Brown like an old print."""
    return ImageOps.colorize(ImageOps.grayscale(picture), "#1d1206", "#fff3d9", "#9c7a4d")


def _hue(picture: Image.Image) -> Image.Image:
    hue, saturation, value = picture.convert("HSV").split()
    turned = hue.point([(level + 70) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def _vivid(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Color(picture).enhance(1.9)


def _bright(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(1.35)


def _dark(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(0.65)


def caption(picture: Image.Image, random: Random) -> Image.Image:
    """A dark band with a line of text at the lower edge."""
    band = max(36, picture.height // 8)
    shade = Image.new("RGB", (picture.width, band), "#101418")
    top = picture.height - band
    lower = picture.crop((0, top, picture.width, picture.height))
    result = picture.copy()
    result.paste(Image.blend(lower, shade, 0.7), (0, top))
    ImageDraw.Draw(result).text(
        (band // 2, top + band // 6),
        random.choice(_CAPTIONS),
        font=_font(round(band * 0.5)),
        fill="#fff",
    )
    return result


def _watermark(picture: Image.Image, random: Random) -> Image.Image:
    layer = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(layer)
    size = max(18, picture.width // 18)
    mark = random.choice(_MARKS)
    for row, y in enumerate(range(size, picture.height, size * 4)):
        for x in range(-size + row % 2 * size * 3, picture.width, size * 8):
            draw.text((x, y), mark, font=_font(size), fill=120)
    result = picture.copy()
    result.paste("#ffffff", (0, 0), layer)
    return result


def _headline(picture: Image.Image, random: Random) -> Image.Image:
    result = picture.copy()
    size = max(28, picture.width // 12)
    ImageDraw.Draw(result).text(
        (picture.width // 20, picture.height // random.choice((3, 5, 8))),
        random.choice(_CAPTIONS),
        font=_font(size),
        fill="#ffe14d",
        stroke_width=max(2, size // 18),
        stroke_fill="#1a1a1a",
    )
    return result


@cache
def _font(size: int) -> Font:
    """The project's own face, or Pillow's built-in one where it cannot be read."""
    try:
        return ImageFont.truetype(str(_FONT), size)
    except OSError:
        return ImageFont.load_default(size)


_COLOURINGS: tuple[tuple[str, Callable[[Image.Image], Image.Image]], ...] = (
    ("grey", grey),
    ("sepia", sepia),
    ("hue", _hue),
    ("saturation", _vivid),
    ("brighter", _bright),
    ("darker", _dark),
)
_WRITINGS: tuple[tuple[str, Callable[[Image.Image, Random], Image.Image]], ...] = (
    ("caption", caption),
    ("watermark", _watermark),
    ("headline", _headline),
)
_ALTERATIONS: dict[Kind, Callable[[Image.Image, Random], Altered]] = {
    Kind.RESIZED: _resized,
    Kind.RECOMPRESSED: _recompressed,
    Kind.RECOLOURED: _recoloured,
    Kind.MIRRORED: _mirrored,
    Kind.CROPPED: _cropped,
    Kind.TEXT: _with_text,
}
