"""Which pictures hang in the demo web: planted uses of works, and everything else.

`planned_uses` and `planned_others` only decide; `Darkroom` opens each photograph once and
`Darkroom.develop` makes the files of one picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from PIL import Image, ImageOps

from workflow.demo import alterations
from workflow.demo.alterations import COMPANIONS, LARGEST, SMALLEST, Altered, Kind
from workflow.demo.photographs import Photograph, neighbours, others, works

USES_PER_KIND = 10

Box = tuple[float, float, float, float]
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
_LEFT: Box = (0.0, 0.0, 0.5, 1.0)
_RIGHT: Box = (0.5, 0.0, 1.0, 1.0)
_UPPER: Box = (0.0, 0.0, 1.0, 0.5)
_LOWER: Box = (0.0, 0.5, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Planned:
    """One picture to publish; `kind` is set for a planted use of a work and for nothing else."""

    photo: Photograph
    seed: int
    kind: Kind | None = None
    part: Box = _WHOLE
    change: str = ""
    companions: tuple[Photograph, ...] = ()


@dataclass(frozen=True, slots=True)
class Developed:
    """The files of one published picture, as paths on its host, and the size of the full one."""

    path: str
    small_path: str
    webp_path: str
    width: int
    height: int
    small_width: int
    detail: str


def planned_uses(random: Random) -> list[Planned]:
    """Every kind `USES_PER_KIND` times, each time another work, all works about equally often."""
    photos = list(works())
    random.shuffle(photos)
    extras = others()
    uses: list[Planned] = []
    for kind in Kind:
        for _ in range(USES_PER_KIND):
            photo = photos[len(uses) % len(photos)]
            companions = tuple(random.sample(extras, COMPANIONS)) if kind is Kind.COLLAGE else ()
            uses.append(Planned(photo, random.getrandbits(32), kind, companions=companions))
    return uses


def planned_others(random: Random) -> list[Planned]:
    """Look-alikes first, then pictures that have nothing to do with any work."""
    extras = others()
    pictures = [
        Planned(photo, random.getrandbits(32), part=part)
        for photo in neighbours()
        for part in (_WHOLE, _UPPER, _LOWER)
    ]
    pictures += [Planned(photo, random.getrandbits(32)) for photo in extras]
    pictures += [
        Planned(photo, random.getrandbits(32), part=part)
        for photo in random.sample(extras, 22)
        for part in (_LEFT, _RIGHT)
    ]
    pictures += [
        Planned(photo, random.getrandbits(32), change=change)
        for photo, change in zip(random.sample(extras, 12), 3 * tuple(_CHANGES), strict=True)
    ]
    for _ in range(3):
        first, *rest = random.sample(extras, 1 + COMPANIONS)
        pictures.append(Planned(first, random.getrandbits(32), companions=tuple(rest)))
    return pictures


class Darkroom:
    """Opens each photograph once and develops the files of published pictures."""

    def __init__(self) -> None:
        self._opened: dict[str, Image.Image] = {}

    def develop(
        self, planned: Planned, place: Path, folder: str, name: str, *, webp: bool, small: bool
    ) -> Developed:
        """Write the picture below `place` under the address `folder` + `name`."""
        altered = self.altered(planned)
        picture = altered.picture
        target = place / folder.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        path = small_path = f"{folder}{name}.jpg"
        _save(picture, target / f"{name}.jpg", altered.quality)
        small_width = picture.width
        if small and max(picture.size) > SMALLEST:
            smaller = alterations.scaled(picture, max(SMALLEST, round(max(picture.size) * 0.55)))
            small_path = f"{folder}{name}s.jpg"
            small_width = smaller.width
            _save(smaller, target / f"{name}s.jpg", altered.quality)
        webp_path = ""
        if webp:
            webp_path = f"{folder}{name}.webp"
            picture.save(target / f"{name}.webp", quality=altered.quality, method=1)
        return Developed(
            path, small_path, webp_path, picture.width, picture.height, small_width, altered.detail
        )

    def altered(self, planned: Planned) -> Altered:
        """The picture as it is published."""
        random = Random(planned.seed)
        base = self._open(planned.photo)
        companions = [self._open(photo) for photo in planned.companions]
        if planned.kind is not None:
            return alterations.alter(planned.kind, base, random, companions)
        if companions:
            return alterations.alter(Kind.COLLAGE, base, random, companions)
        part = base.crop(_pixels(planned.part, base)) if planned.part != _WHOLE else base
        side = min(max(part.size), random.randint(460, 960))
        picture = alterations.scaled(part, max(SMALLEST, side))
        if planned.change:
            picture = _CHANGES[planned.change](picture, random)
        return Altered(picture, random.randint(70, 88), "")

    def _open(self, photo: Photograph) -> Image.Image:
        if photo.file not in self._opened:
            self._opened[photo.file] = photo.opened(LARGEST)
        return self._opened[photo.file]


def _pixels(part: Box, picture: Image.Image) -> tuple[int, int, int, int]:
    left, upper, right, lower = part
    return (
        round(left * picture.width),
        round(upper * picture.height),
        round(right * picture.width),
        round(lower * picture.height),
    )


def _save(picture: Image.Image, path: Path, quality: int) -> None:
    picture.save(path, "JPEG", quality=quality)


_CHANGES: dict[str, Callable[[Image.Image, Random], Image.Image]] = {
    "grey": lambda picture, _: alterations.grey(picture),
    "sepia": lambda picture, _: alterations.sepia(picture),
    "mirror": lambda picture, _: ImageOps.mirror(picture),
    "caption": alterations.caption,
}
