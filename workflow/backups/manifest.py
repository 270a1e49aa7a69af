"""The table of contents of a backup: every file with size and hash, what made it, and whose key opens it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from workflow.kernel.errors import Refused
from workflow.kernel.secrets import MasterKey

NAME = "manifest.json"
FORMAT = 1
MAX_BYTES = 512 * 1024**2
#: What may lie in a backup; nothing else is ever unpacked.
ALLOWED = re.compile(
    r"database\.(sqlite|pgdump)|keys/(master|secret)\.key|vault/(plain|[0-9a-f]{32})/[0-9a-f]{2}/[0-9a-f]{64}|"
    r"crawl/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}|"
    r"demo/(clock\.json|ready|standin\.sqlite|(mailbox|world)(/[\w@=+,-][\w.@=+,-]*)+)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says about itself."""

    instance: str
    demo: bool
    #: Wall time, ISO.
    made_at: str
    version: str
    commit: str
    #: ``sqlite`` or ``postgresql``
    database: str
    revision: str
    #: Tells whether a master key is the one; nothing of the key can be learnt from it.
    key_mark: str
    with_keys: bool
    entries: tuple[Entry, ...] = field(default=())
    format: int = FORMAT

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(entry.size for entry in self.entries)

    def to_bytes(self, master: MasterKey) -> bytes:
        """As it is stored: with a mark that only the holder of the master key can make."""
        told = asdict(self)
        return json.dumps({**told, "mark": _mark(told, master)}, indent=1).encode()


def key_mark(master: MasterKey) -> str:
    """A name of the master key that does not help to find it."""
    return hashlib.sha256(master.derive("backup key mark")).hexdigest()[:24]


def read_manifest(data: bytes) -> tuple[Manifest, dict[str, Any]]:
    """The manifest and its raw form; :class:`Refused` for what is none, or names what may not be there."""
    try:
        told = json.loads(data)
        entries = tuple(Entry(str(e["name"]), int(e["size"]), str(e["sha256"])) for e in told["entries"])
        fields = {name: told[name] for name in Manifest.__dataclass_fields__ if name != "entries"}
        manifest = Manifest(**fields, entries=entries)
    except (ValueError, KeyError, TypeError) as wrong:
        raise Refused("The backup is damaged: its table of contents cannot be read.") from wrong
    if manifest.format != FORMAT:
        raise Refused(f"The backup has the format {manifest.format}; this version reads {FORMAT}.")
    for entry in entries:
        if not ALLOWED.fullmatch(entry.name) or ".." in entry.name:
            raise Refused(f"The backup names a file that does not belong into one: {entry.name[:80]!r}.")
    if len({entry.name for entry in entries}) != len(entries):
        raise Refused("The backup names a file twice.")
    return manifest, told


def check_key(manifest: Manifest, raw: dict[str, Any], master: MasterKey) -> None:
    """:class:`Refused` when the key is another, or the table of contents was changed after it was written."""
    if not hmac.compare_digest(manifest.key_mark, key_mark(master)):
        raise Refused(
            "This master key is not the one the backup was made under: its documents could not be opened. "
            "Give the right one with --key-file or LICHTBILD_MASTER_KEY."
        )
    told = {name: value for name, value in raw.items() if name != "mark"}
    if not hmac.compare_digest(str(raw.get("mark", "")), _mark(told, master)):
        raise Refused("The backup was changed after it was written; it is not restored.")


def _mark(told: dict[str, Any], master: MasterKey) -> str:
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hmac.new(master.derive("backup manifest"), text.encode(), hashlib.sha256).hexdigest()
