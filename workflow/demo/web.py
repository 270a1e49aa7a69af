"""The demo web: a handful of small sites with planted uses of the works among other pictures.

`build_world` writes static files below `<folder>/sites/<host>/` and, outside of them, `world.json`
(what the server needs) and `truth.json` (what was planted where; the demo's summary reads it, the
search never does). The same seed writes the same bytes. `serve_world` puts the sites on loopback.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from workflow.demo.alterations import Kind
from workflow.demo.pages import Placed, Renderer
from workflow.demo.pictures import Darkroom, Planned, planned_others, planned_uses
from workflow.demo.server import WorldServer, serve_world
from workflow.demo.sites import HTTP_PORT, Page, Site, planned_sites

__all__ = ["Use", "World", "WorldServer", "build_world", "load_world", "serve_world"]

_ALTS = {
    "de": ("Aufnahme", "Ansicht", "Bild", "Unterwegs", "Foto zum Beitrag", ""),
    "en": ("Photograph", "View", "Picture", "Plate", "Detail", ""),
}
_CREDITS = {
    "de": ("", "", "Foto: Archiv", "Bild: Redaktion", "Foto: privat"),
    "en": ("", "", "", "Photograph: archive"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """A planted use: one work on one page. Addresses are without a port."""

    page_url: str
    image_urls: tuple[str, ...]
    work_file: str
    kind: Kind
    detail: str


@dataclass(frozen=True)
class World:
    """A built demo web. `page_count` counts the pages a polite crawler may fetch."""

    folder: Path
    hosts: tuple[str, ...]
    redirects: Mapping[str, Mapping[str, tuple[int, str]]]
    page_count: int
    picture_count: int

    @property
    def seeds(self) -> tuple[str, ...]:
        """The start page of each site, without a port."""
        return tuple(f"http://{host}/" for host in self.hosts)

    def seeds_at(self, port: int) -> tuple[str, ...]:
        """The start pages of a world served on `port`."""
        return tuple(with_port(seed, port) for seed in self.seeds)

    @cached_property
    def truth(self) -> tuple[Use, ...]:
        """What was planted; only for telling right hits from wrong ones afterwards."""
        rows = json.loads((self.folder / "truth.json").read_text(encoding="utf-8"))
        return tuple(
            Use(**{**row, "kind": Kind(row["kind"]), "image_urls": tuple(row["image_urls"])}) for row in rows
        )

    def truth_at(self, port: int) -> tuple[Use, ...]:
        """The truth with the addresses of a world served on `port`."""
        return tuple(
            Use(
                with_port(use.page_url, port),
                tuple(with_port(url, port) for url in use.image_urls),
                use.work_file,
                use.kind,
                use.detail,
            )
            for use in self.truth
        )

    def allowed(self, port: int) -> dict[tuple[str, int], str]:
        """The only loopback addresses the search may fetch from."""
        return {(host, port): "127.0.0.1" for host in self.hosts}

    def file(self, host: str, path: str) -> Path | None:
        """The file behind a path of a known host, or None."""
        root = (self.folder / "sites" / host).resolve()
        file = _file_of(root, path).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None


def with_port(url: str, port: int) -> str:
    """The address with the port the web is served on."""
    if port == HTTP_PORT:
        return url
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}:{port}{slash}{path}"


def build_world(folder: Path, seed: int) -> World:
    """Write the demo web below `folder`, replacing an earlier one."""
    random = Random(seed)
    shutil.rmtree(folder / "sites", ignore_errors=True)
    sites = planned_sites(random)
    truth, count = _hang_pictures(folder, sites, seed, random)
    Renderer(folder / "sites").write(sites)
    _date_files(folder, sites)
    described = {
        "hosts": [site.facts["host"] for site in sites],
        "redirects": {site.facts["host"]: site.redirects for site in sites},
        "page_count": sum(page.allowed for site in sites for page in site.pages),
        "picture_count": count,
    }
    _write_json(folder / "truth.json", [asdict(use) for use in truth])
    _write_json(folder / "world.json", described)
    return load_world(folder)


def load_world(folder: Path) -> World:
    """A world built earlier, for example by another process."""
    described = json.loads((folder / "world.json").read_text(encoding="utf-8"))
    return World(
        folder=folder,
        hosts=tuple(described["hosts"]),
        redirects={
            host: {path: (status, target) for path, (status, target) in paths.items()}
            for host, paths in described["redirects"].items()
        },
        page_count=described["page_count"],
        picture_count=described["picture_count"],
    )


@dataclass(frozen=True, slots=True)
class _Slot:
    site: Site
    page: Page
    channel: str


def _hang_pictures(folder: Path, sites: list[Site], seed: int, random: Random) -> tuple[list[Use], int]:
    """Deal every picture to one page and develop it; tell what was planted and how many hang."""
    uses, rest = planned_uses(random), planned_others(random)
    hidden = [(slot, rest.pop()) for slot in _slots(sites, allowed=False)[:3]]
    dealt = _dealt(_slots(sites, allowed=True), uses, rest, random)
    darkroom = Darkroom()
    truth = []
    for number, (slot, planned) in enumerate([*dealt, *hidden]):
        placed = _placed(folder, darkroom, slot, planned, f"{seed}:{number}")
        slot.page.pictures.append(placed)
        if planned.kind is not None:
            host = f"http://{slot.site.facts['host']}"
            paths = (placed.url, placed.small_url, placed.webp_url)
            urls = tuple(dict.fromkeys(host + path for path in paths if path))
            truth.append(Use(host + slot.page.path, urls, planned.photo.file, planned.kind, placed.detail))
    for page in (page for site in sites for page in site.pages):
        page.pictures.sort(key=lambda placed: placed.place)
    return sorted(truth, key=lambda use: (use.page_url, use.work_file)), len(dealt)


def _slots(sites: list[Site], *, allowed: bool) -> list[_Slot]:
    return [
        _Slot(site, page, channel)
        for site in sites
        for page in site.pages
        if page.allowed is allowed
        for channel in page.slots
    ]


def _dealt(
    slots: list[_Slot], uses: list[Planned], rest: list[Planned], random: Random
) -> list[tuple[_Slot, Planned]]:
    """Every page gets a picture before any gets two; no page gets the same work twice."""
    seen: set[int] = set()
    first: list[_Slot] = []
    later: list[_Slot] = []
    for slot in slots:
        (later if id(slot.page) in seen else first).append(slot)
        seen.add(id(slot.page))
    random.shuffle(later)
    chosen = (first + later)[: len(uses) + len(rest)]
    assert len(chosen) == len(uses) + len(rest), "there are more pictures than slots"
    random.shuffle(chosen)
    dealt: list[tuple[_Slot, Planned]] = []
    taken: set[tuple[int, str]] = set()
    for planned in uses:
        slot = next(each for each in chosen if (id(each.page), planned.photo.file) not in taken)
        chosen.remove(slot)
        taken.add((id(slot.page), planned.photo.file))
        dealt.append((slot, planned))
    return [*dealt, *zip(chosen, rest, strict=True)]


def _placed(folder: Path, darkroom: Darkroom, slot: _Slot, planned: Planned, key: str) -> Placed:
    facts = slot.site.facts
    digest = hashlib.sha256(key.encode()).hexdigest()
    media = facts["media"].format(year=slot.page.date.year, month=slot.page.date.month, hash2=digest[20:22])
    developed = darkroom.develop(
        planned,
        folder / "sites" / facts["host"],
        media,
        digest[:16],
        webp=slot.channel == "source",
        small=slot.channel in {"figure", "lightbox", "source", "lazy_set", "lead"},
    )
    choose = Random(planned.seed ^ 1)
    return Placed(
        place=slot.page.slots.index(slot.channel),
        channel=slot.channel,
        url=developed.path,
        small_url=developed.small_path,
        webp_url=developed.webp_path,
        width=developed.width,
        height=developed.height,
        small_width=developed.small_width,
        alt=choose.choice(_ALTS[facts["language"]]),
        credit=choose.choice(_CREDITS[facts["language"]]),
        detail=developed.detail,
    )


def _date_files(folder: Path, sites: list[Site]) -> None:
    """Files carry the date of their page, so that Last-Modified tells a plausible story."""
    for site in sites:
        root = folder / "sites" / site.facts["host"]
        newest = max(page.date for page in site.pages)
        _date(root.rglob("*"), newest)
        for page in site.pages:
            pictures = (
                url
                for placed in page.pictures
                for url in (placed.url, placed.small_url, placed.webp_url)
                if url
            )
            _date((_file_of(root, path) for path in (page.path, *pictures)), page.date)


def _date(files: Iterable[Path], day: date) -> None:
    stamp = datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC).timestamp()
    for file in files:
        os.utime(file, (stamp, stamp))


def _file_of(root: Path, path: str) -> Path:
    """Where the answer to a path lies: folders have an index, pages may leave out the ending."""
    plain = path.lstrip("/")
    if not plain or plain.endswith("/"):
        return root / plain / "index.html"
    return root / plain if "." in plain.rsplit("/", 1)[-1] else root / f"{plain}.html"


def _write_json(file: Path, content: Any) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True, default=str)
    file.write_text(text + "\n", encoding="utf-8")
