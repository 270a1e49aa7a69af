"""Truths of documents: each is there, each is what its address says, and nothing else lies beside them."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from workflow.kernel import findings, pulses
from workflow.kernel.checks import BATCH, shortened
from workflow.kernel.db import Session
from workflow.kernel.documents import Document, Vault
from workflow.kernel.files import UNFINISHED
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say

#: What sealing adds to a file: format byte, nonce, tag.
SEALED_BY = 1 + 12 + 16
#: Every document is read again once a week; the worker asks every ten minutes.
SLICES = 7 * 24 * 6
SMALLEST_SLICE = 20
#: Whoever writes a file is done with it by then.
LEFT_BEHIND_AFTER = timedelta(hours=1)
RE_READ = "document bytes"
_NAMED = re.compile(r"document ([0-9a-f-]{36})")


def all_are_present(session: Session, vault: Vault) -> list[str]:
    """Each document's file is there and as long as it should be; its bytes are not read."""
    return shortened(list(_absent(session, vault)))


def all_are_unchanged(session: Session, vault: Vault) -> list[str]:
    """Read and verify each of them: takes as long as there are bytes."""
    rows = session.scalars(select(Document).execution_options(yield_per=BATCH))
    return shortened([wrong for row in rows if (wrong := vault.verify(session, row))])


def next_slice(session: Session, runtime: Runtime) -> tuple[list[str], dict[str, str]]:
    """Verify the next part of all documents, and those known to be wrong; what was found, and where it ended.

    The caller notes the second under :data:`pulses.DOCUMENTS`; the whole is read once a week.
    """
    total = session.scalar(select(func.count()).select_from(Document)) or 0
    size = max(SMALLEST_SLICE, -(-total // SLICES))
    pulse = pulses.last(session, pulses.DOCUMENTS)
    asked = select(Document).order_by(Document.id).limit(size)
    if pulse is not None and pulse.facts.get("until"):
        asked = asked.where(Document.id > uuid.UUID(pulse.facts["until"]))
    rows = list(session.scalars(asked))
    known = select(findings.Finding.sentence).where(findings.Finding.truth == RE_READ)
    named = {uuid.UUID(key) for sentence in session.scalars(known) for key in _NAMED.findall(sentence)}
    again = [row for key in named if (row := session.get(Document, key)) is not None and row not in rows]
    found = [wrong for row in [*rows, *again] if (wrong := runtime.vault.verify(session, row))]
    return found, {"until": str(rows[-1].id) if len(rows) == size else ""}


def nothing_lies_beside(session: Session, runtime: Runtime) -> list[str]:
    """A notice of files that no row knows and of drafts nobody finished, once they are an hour old."""
    vault, before = runtime.vault, runtime.clock.wall() - LEFT_BEHIND_AFTER
    left = [path for path in vault.orphans(session) if _older(path, before)]
    drafts = [path for path in left if path.name.endswith(UNFINISHED)]
    notices: list[str] = []
    if drafts:
        notices.append(
            say(
                "{count} unfinished files of a process that was stopped: {drafts}.",
                count=len(drafts),
                drafts=drafts[0],
            )
        )
    if rest := [path for path in left if path not in drafts]:
        notices.append(
            say(
                "{count} files lie in the vault that no document names: {rest}.",
                count=len(rest),
                rest=rest[0],
            )
        )
    return notices


def _absent(session: Session, vault: Vault) -> Iterator[str]:
    rows = select(Document.id, Document.address, Document.key_id, Document.size)
    for key, address, key_id, size in session.execute(rows.execution_options(yield_per=BATCH)):
        try:
            length = os.stat(vault.file_of(address, key_id)).st_size  # noqa: PTH116 - ten thousand of them
        except FileNotFoundError:
            yield say("The bytes of document {key} are missing.", key=key)
            continue
        except OSError as broken:
            yield say(
                "The bytes of document {key} cannot be read: {strerror}.", key=key, strerror=broken.strerror
            )
            continue
        if length != size + (SEALED_BY if key_id else 0):
            yield say("The bytes of document {key} were changed or are damaged.", key=key)


def _older(path: Path, before: datetime) -> bool:
    try:
        return path.stat().st_mtime < before.timestamp()
    except OSError:
        return False  # finished or taken away at this moment
