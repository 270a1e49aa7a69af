"""Shared pieces: real photographs, a decoder, a database, a crawl in a process of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Connection, text

from detection.crawl.database import connect
from detection.images import DecodePool, SafeDecoder
from tests.databases import Mould
from tests.dialects import Cast

ROOT = Path(__file__).parents[2]
PHOTOGRAPHS = ROOT / "workflow" / "demo" / "photographs"


def photographs(pattern: str) -> list[Path]:
    """Shipped photographs, in order."""
    return sorted(PHOTOGRAPHS.glob(pattern))


def opened(path: Path, side: int = 900) -> Image.Image:
    """A photograph in RGB, at most `side` long."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    picture.thumbnail((side, side))
    return picture


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The bytes of a picture."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


@pytest.fixture(scope="session")
def decoder() -> Iterator[SafeDecoder]:
    with DecodePool(1) as pool:
        yield SafeDecoder(pool)


@dataclass
class Crawl:
    """A database and a store that crawls fill."""

    folder: Path
    url: str

    def start(self, **job: Any) -> subprocess.Popen[bytes]:
        """Begin a crawl; fast and impatient unless told otherwise."""
        words: dict[str, Any] = {
            "database_url": self.url,
            "store_dir": str(self.folder / "store"),
            "delay": 0.0,
            "autothrottle": False,
            "timeout": 5.0,
            "allowed": [],
        }
        words.update(job)
        path = self.folder / "job.json"
        path.write_text(json.dumps(words))
        script = str(Path(__file__).with_name("crawler.py"))
        return subprocess.Popen([sys.executable, script, str(path)], cwd=ROOT, stdout=subprocess.PIPE)

    def run(self, **job: Any) -> dict[str, Any]:
        """Crawl to the end and give the summary."""
        process = self.start(**job)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        summary: dict[str, Any] = json.loads(out)
        return summary

    def rows(self, question: str) -> list[Any]:
        """Read the database."""
        engine = connect(self.url)
        with engine.begin() as connection:
            answer = _all(connection, question)
        engine.dispose()
        return answer


def _all(connection: Connection, question: str) -> list[Any]:
    return list(connection.execute(text(question)).all())


@pytest.fixture
def crawl(tmp_path: Path, migrated: Mould, cast: Cast) -> Crawl:
    return Crawl(tmp_path, cast(migrated, tmp_path))


Rows = Callable[[str], list[Any]]
