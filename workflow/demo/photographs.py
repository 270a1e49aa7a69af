"""The photographs of the demo world and where they come from.

`photographs/sources.csv` is the one list; this module reads it and opens the files.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).with_name("photographs")


@dataclass(frozen=True, slots=True)
class Photograph:
    """One shipped file: `role` is "work" (the rights-holder's original) or "other"."""

    file: str
    role: str
    title: str
    author: str
    licence: str
    licence_url: str
    package: str
    original: str
    part: str
    width: int
    height: int

    @property
    def path(self) -> Path:
        """Where the JPEG lies."""
        return FOLDER / self.file

    def opened(self, longest_side: int) -> Image.Image:
        """The picture in RGB, no larger than `longest_side` pixels; metadata stays behind."""
        with Image.open(self.path) as stored:
            picture = stored.convert("RGB")
        picture.info.clear()
        picture.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
        return picture


def photographs() -> tuple[Photograph, ...]:
    """All shipped photographs in the order of the list."""
    with (FOLDER / "sources.csv").open(encoding="utf-8", newline="") as table:
        return tuple(_from_row(row) for row in csv.DictReader(table))


def works() -> tuple[Photograph, ...]:
    """The originals the demo's rights-holder uploads."""
    return tuple(photo for photo in photographs() if photo.role == "work")


def others() -> tuple[Photograph, ...]:
    """Pictures that belong to nobody in the demo, without the neighbours of works."""
    scenes = _scenes_of_works()
    return tuple(photo for photo in photographs() if photo.role == "other" and photo.original not in scenes)


def neighbours() -> tuple[Photograph, ...]:
    """Look-alikes: parts of the scene of a work that share no pixel with the work."""
    scenes = _scenes_of_works()
    return tuple(photo for photo in photographs() if photo.role == "other" and photo.original in scenes)


def _scenes_of_works() -> frozenset[str]:
    return frozenset(photo.original for photo in works())


def _from_row(row: dict[str, str]) -> Photograph:
    return Photograph(
        file=row["file"],
        role=row["role"],
        title=row["title"],
        author=row["author"],
        licence=row["licence"],
        licence_url=row["licence_url"],
        package=row["package"],
        original=row["original"],
        part=row["part"],
        width=int(row["width"]),
        height=int(row["height"]),
    )
