"""What a life was told to do, in plain words: the oracle reckons from this what must be there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

FILE = "truth.json"


@dataclass(frozen=True, slots=True)
class Truth:
    """Facts from outside the product: what was asked of it, never what it made of that."""

    #: Recipient's address -> price in cents before tax.
    nets: dict[str, int] = field(default_factory=dict)
    offered: tuple[str, ...] = ()
    #: Whose letters are bound into the one batch for the post.
    batched: tuple[str, ...] = ()
    reminded: tuple[str, ...] = ()
    wish: tuple[str, ...] = ()
    paid: tuple[str, ...] = ()
    refunded: tuple[str, ...] = ()
    #: SHA-256 of every photograph handed in.
    photographs: tuple[str, ...] = ()
    #: (page, file name of the photograph) of every copy that a search must find.
    planted: tuple[tuple[str, str], ...] = ()
    searched: bool = False

    def keep(self, folder: Path) -> Truth:
        """Write it into an instance's folder."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1))
        return self

    def told(self, folder: Path, **more: object) -> Truth:
        """The same with more of it, kept."""
        return replace(self, **more).keep(folder)  # type: ignore[arg-type]


def read_truth(folder: Path) -> Truth:
    """What was kept in this folder."""
    raw = json.loads((folder / FILE).read_text())
    lists = {name: tuple(value) for name, value in raw.items() if isinstance(value, list)}
    planted = tuple((page, file) for page, file in raw["planted"])
    return Truth(**{**raw, **lists, "planted": planted})
