"""Compiled templates, kept once per process: desk and portal share layouts, components and public pages."""

from __future__ import annotations

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class ProcessCache(BytecodeCache):
    """Bytecode by template and source. Jinja drops what belongs to an older source by its checksum."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill ``bucket`` if this template was compiled before."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled just now."""
        self._kept[bucket.key] = bucket.bytecode_to_string()

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


#: Every app of this process sets its environment up alike (``rendering.install``), so they may share.
SHARED = ProcessCache()
