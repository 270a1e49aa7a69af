"""The numbers of uploads, read once from ``data/rules.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

DATA = Path(__file__).resolve().parent / "data" / "rules.yaml"


@dataclass(frozen=True, slots=True)
class UploadRules:
    """One edition; sides in pixels."""

    effective_from: date
    photographs_per_owner: int
    shortest_longest_side: int
    display_side: int
    thumb_side: int
    files_without_scripts: int
    megabytes_without_scripts: int
    #: Differing bits of 256 up to which two photographs of one owner look the same.
    twin_distance: int


@lru_cache(maxsize=1)
def editions() -> tuple[UploadRules, ...]:
    """Every edition, oldest first."""
    rows = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return tuple(sorted((UploadRules(**row) for row in rows), key=lambda e: e.effective_from))


def rules_on(day: date) -> UploadRules:
    """The edition in force on that day; before the first one, the first."""
    begun = [edition for edition in editions() if edition.effective_from <= day]
    return begun[-1] if begun else editions()[0]
