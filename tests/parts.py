"""The parts of a process as tests put them together: real ones, a clock that stands still, a known master key.

Three things are taken from chance and time so that a run is shorter, not weaker. The dice are seeded with what
the database holds, so that the first case of a story has the same reference in every test. And what the press
has printed once is not printed again: the same HTML and pictures give the same bytes, which is a promise of
:class:`~workflow.kernel.pdf.Press` with a test of its own; tests of the press itself use it bare. Passwords are
hashed by argon2id with little memory; what an instance spends on them has its own test.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from workflow.accounts import passwords
from workflow.config import Config
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database
from workflow.kernel.documents import Vault
from workflow.kernel.errors import DomainError
from workflow.kernel.mail import LocalMailbox
from workflow.kernel.pdf import Press
from workflow.kernel.runtime import Runtime
from workflow.kernel.secrets import MasterKey
from workflow.kernel.uploads import Decoder
from workflow.web.i18n import DOCUMENTS

MASTER_KEY = bytes(32)
#: What an instance hashes passwords with.
DEAR = passwords._hasher
PRINTED = "printed"


class KeptPress(Press):
    """Prints like any press and keeps the pages in a folder that all processes of this run share."""

    folder: Path | None = None

    def print(self, html: str, images: Mapping[str, bytes]) -> bytes:
        folder = type(self).folder
        if folder is None:
            return super().print(html, images)
        digest = hashlib.sha256(html.encode())
        for name in sorted(images):
            digest.update(f"{name}:{hashlib.sha256(images[name]).hexdigest()}".encode())
        kept = folder / digest.hexdigest()
        with suppress(FileNotFoundError):
            return kept.read_bytes()
        pdf = super().print(html, images)  # whatever it refuses is refused here too, and not kept
        draft = kept.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        draft.write_bytes(pdf)
        draft.replace(kept)
        return pdf


def pytest_configure(config: pytest.Config) -> None:
    """The folder of printed pages of this run: processes of tests are told theirs by the one that started them."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    given = getattr(config, "workerinput", {}).get(PRINTED)
    KeptPress.folder = Path(given or mkdtemp(prefix="lbpdf."))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[PRINTED] = str(KeptPress.folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = KeptPress.folder
    if folder is not None and not hasattr(config, "workerinput"):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def dice(database: Database) -> Callable[[int], int]:
    """Random numbers that are the same for the same number of cases: two processes of one story differ."""
    try:
        with database.reading() as session:
            cases = session.execute(text("SELECT count(*) FROM cases")).scalar_one()
    except (DBAPIError, DomainError):
        cases = -1  # no tables yet
    return random.Random(int(cases)).randrange


def make_runtime(config: Config, database: Database, clock: FrozenClock, decoder: Decoder) -> Runtime:
    """The parts of a process, with a clock that stands still and a known master key."""
    master = MasterKey(MASTER_KEY)
    return Runtime(
        config=config, database=database, clock=clock, vault=Vault(config.vault_dir, master), press=KeptPress(tongue=DOCUMENTS),
        mail=LocalMailbox(config.mailbox_dir, config.mail_sender), secrets=master, decoder=decoder,
        randbelow=dice(database),
    )  # fmt: skip
