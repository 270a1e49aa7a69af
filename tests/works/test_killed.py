"""A process that is killed while it stores a photograph leaves no row without its bytes."""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from workflow.config import ROOT
from workflow.kernel.actors import Actor
from workflow.kernel.documents import Document
from workflow.kernel.ids import new_id
from workflow.kernel.runtime import Runtime
from workflow.works.models import UploadRecord, Work, WorkFingerprint
from workflow.works.preparing import Upload, prepare
from workflow.works.rules import rules_on

from . import files
from .conftest import NOON

SCRIPT = Path(__file__).with_name("killed_adding.py")


def counts(runtime: Runtime) -> list[int]:
    """Documents, photographs, fingerprints and records; every document's bytes are verified."""
    with runtime.database.reading() as session:
        assert runtime.vault.check(session) == []
        return [
            session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Document, Work, WorkFingerprint, UploadRecord)
        ]


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_half_there(runtime: Runtime, owner: Actor, tmp_path: Path) -> None:
    data = files.photo()
    upload = Upload("crab.jpg", data, hashlib.sha256(data).hexdigest(), new_id())
    stored = tmp_path / "prepared"
    stored.write_bytes(pickle.dumps(prepare(runtime.decoder, upload, rules_on(NOON.date()))))  # type: ignore[arg-type]

    def add(moment: str) -> subprocess.CompletedProcess[str]:
        arguments = (stored, runtime.config.database_url, runtime.config.vault_dir, owner.id, moment)
        return subprocess.run(
            [sys.executable, str(SCRIPT), *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    for moment in ("1", "5", "11", "flushed"):
        assert add(moment).returncode == -signal.SIGKILL, moment
        assert counts(runtime) == [0, 0, 0, 0], moment
    assert add("committed").returncode == -signal.SIGKILL
    assert counts(runtime) == [3, 1, 1, 1]
    again = add("never")
    assert again.returncode == 0, again.stderr
    assert counts(runtime) == [3, 1, 1, 2]  # a duplicate, told in its record
