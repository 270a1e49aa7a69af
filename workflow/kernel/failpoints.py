"""Named places in the code at which a rehearsal may kill, stop or delay the process.

``failpoint("outbox.after_claim")`` does nothing unless the environment arms it::

    LICHTBILD_FAILPOINTS="outbox.after_claim=kill, payin.after_journal=sleep:0.2@3"

``kill`` is a real SIGKILL to the own process, ``kill:next``, ``kill:later``, ``kill:flush`` and
``kill:exit`` come a little later (see :mod:`workflow.kernel.kills`); ``raise`` raises
:class:`FailpointReached`; ``sleep:SECONDS`` waits. ``@n`` means the n-th pass only, without it the first
pass kills or raises and every pass sleeps. Only a demo instance starts with failpoints armed.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from workflow.config import FAILPOINTS, ConfigError
from workflow.kernel.kills import Moment, kill

LONGEST_SLEEP_SECONDS = 60.0

#: Every point: what has just happened when the process passes it. Each is called in one place.
POINTS: dict[str, str] = {
    "outbox.after_claim": "a message is claimed and the claim is committed; nothing is done yet",
    "outbox.after_outside": "an effect outside (a mail, a payment call) happened, nothing is noted yet",
    "outbox.before_finish": "an effect of ours stands in its transaction, the message's end does not yet",
    "outbox.before_commit": "effect and end of a message stand in one transaction that is not committed",
    "outbox.after_commit": "a message is done and committed",
    "letter.after_render": "the documents of a letter are printed, in memory only",
    "letter.after_store": "they are in the vault, their rows and the wish to send are not committed",
    "post.after_bind": "the PDF of a batch is bound, in memory only; its letters wait as before",
    "post.after_store": "PDF, batch and deliveries stand in a transaction that is not committed",
    "letter.before_submit": "the letter is marked as on its way and committed, it has not left",
    "letter.after_submit": "the mail transport took the letter, nothing is noted",
    "letter.before_record": "that it was sent stands in a transaction that is not committed",
    "deadline.after_select": "the ticker holds due dates, their messages are not written",
    "deadline.before_commit": "due dates and their messages stand in one uncommitted transaction",
    "deadline.after_commit": "a batch of due dates is handed to the worker",
    "deadline.after_advance": "a due date moved its subject, not committed",
    "seal.before_commit": "a link of the global audit chain is written, not committed",
    "webhook.after_verify": "a report of the payment service is genuine, it is not written down",
    "webhook.after_insert": "it is written into the inbox, not committed",
    "webhook.before_2xx": "it is committed, the payment service has no answer yet",
    "payin.before_fetch": "a report was taken from the inbox, nothing was asked about it",
    "payin.after_fetch": "the payment is fetched as it stands, nothing is booked",
    "payin.before_commit": "booking and end of the report stand in one uncommitted transaction",
    "payin.after_commit": "the report is settled and committed, its message is not finished",
    "book.before_lock": "a payment is about to be booked, its row is not locked",
    "book.after_journal": "the journal entry is written, payin and case have not moved",
    "book.after_move": "payin and case have moved, the fee is not booked, nothing is committed",
    "checkout.before_row": "somebody wants to pay, no payin is written",
    "checkout.after_row": "the payin and the wish for a card page are written, not committed",
    "checkout.before_call": "the time of asking is committed, the payment service was not asked",
    "checkout.after_call": "the payment service made a card page, we have no note of it",
    "checkout.before_record": "the card page is noted in a transaction that is not committed",
    "refund.before_call": "the time of asking for a refund is committed, nothing was asked",
    "refund.after_call": "the payment service gave money back, we have no note of it",
    "refund.before_record": "the refund is booked in a transaction that is not committed",
    "file.after_write": "the bytes of a file are written to its draft, not made durable",
    "file.after_fsync": "the draft is durable, it is not at its place",
    "file.after_link": "the file is at its place, its name is not durable, the draft is still there",
    "document.after_store": "the sealed bytes of a document are durable, no row names them",
    "document.after_row": "the row of a document is written, not committed",
    "upload.after_prepare": "a photograph is decoded and measured, nothing of it is kept",
    "upload.before_commit": "photograph, documents and fingerprint are written, not committed",
    "upload.after_commit": "the photograph is committed, its owner has no answer yet",
    "crawl.after_claim": "addresses are claimed and committed, none is asked for",
    "crawl.after_page": "a page has come, nothing of it is kept",
    "crawl.after_page_blob": "the bytes of a page are durable, no row names them",
    "crawl.before_page_commit": "a page, its links and its end are written, not committed",
    "crawl.after_page_commit": "a page, its links and its end are committed",
    "crawl.after_image": "a picture has come and can be opened, nothing of it is kept",
    "crawl.after_image_blob": "the bytes of a picture are durable, no row names them",
    "crawl.before_image_commit": "a picture, where it was seen and its end are written, not committed",
    "crawl.after_image_commit": "a picture and where it was seen are committed",
    "match.after_number": "new photographs have their number in the comparison, not committed",
    "match.after_compare": "a batch of pictures is compared, no result is kept",
    "match.before_commit": "the results of a batch are written, not committed",
    "match.after_commit": "the results of a batch are committed, no hit is written",
    "hits.after_read": "what the pages of a batch say is read, no hit is written",
    "hits.before_commit": "the hits of a batch are written, not committed",
    "hits.after_commit": "the hits of a batch are committed",
    "migration.statement": "an upgrade is about to change something, what came before is not committed",
    "migration.after_step": "one revision is applied, not committed",
    "migration.before_commit": "every revision is applied, not committed",
    "migration.after_commit": "an upgrade is committed, nobody was told yet",
}

_FORM = re.compile(
    r"(?P<name>[a-z_]+\.[a-z0-9_]+)=(?P<action>kill|raise|sleep)(?::(?P<more>[a-z0-9.]+))?(?:@(?P<nth>\d+))?"
)


class FailpointReached(Exception):
    """An armed point was passed and it was told to raise: to the code it is a bug like any other."""


class Action(StrEnum):
    """What an armed point does."""

    #: SIGKILL to the own process, at the point or at a moment soon after it.
    KILL = "kill"
    #: Raise :class:`FailpointReached`.
    RAISE = "raise"
    #: Wait.
    SLEEP = "sleep"


@dataclass(frozen=True, slots=True)
class Armed:
    """One armed point. ``nth`` 0 = every pass."""

    name: str
    action: Action
    moment: Moment = Moment.AT
    seconds: float = 0.0
    nth: int = 0


def parse(text: str) -> dict[str, Armed]:
    """What ``LICHTBILD_FAILPOINTS`` says; :class:`ConfigError` with a sentence for what it cannot mean."""
    armed: dict[str, Armed] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        point = _one(part)
        if point.name in armed:
            raise ConfigError(f"{FAILPOINTS} names “{point.name}” twice.")
        armed[point.name] = point
    return armed


def failpoint(name: str) -> None:
    """Nothing, unless this point is armed."""
    if _STATE.armed is None:
        arm(os.environ.get(FAILPOINTS, ""))
    if _STATE.armed:
        _STATE.passed(name)


def arm(text: str) -> None:
    """Arm what the text says instead of what was armed; counts of passes begin anew."""
    _STATE.armed = parse(text)
    _STATE.passes.clear()


@contextmanager
def armed(text: str) -> Iterator[None]:
    """Arm for the length of a block, in this process."""
    before = _STATE.armed
    arm(text)
    try:
        yield
    finally:
        _STATE.armed = before


class _State:
    """What is armed in this process, and how often each armed point was passed."""

    def __init__(self) -> None:
        self.armed: dict[str, Armed] | None = None
        self.passes: Counter[str] = Counter()
        self._lock = threading.Lock()

    def passed(self, name: str) -> None:
        point = (self.armed or {}).get(name)
        if point is None:
            return
        with self._lock:
            self.passes[name] += 1
            due = point.nth in (0, self.passes[name])
        if due:
            _act(point)


def _act(point: Armed) -> None:
    # straight to the descriptor: what is buffered dies with the process
    os.write(2, f"failpoint {point.name}: {point.action} {point.moment}\n".encode())
    if point.action is Action.KILL:
        kill(point.moment, frames_up=4)
    elif point.action is Action.SLEEP:
        time.sleep(point.seconds)
    else:
        raise FailpointReached(point.name)


def _one(part: str) -> Armed:
    found = _FORM.fullmatch(part)
    if found is None:
        raise ConfigError(
            f"{FAILPOINTS}: “{part}” is not of the form name=kill, name=kill:later, name=raise or "
            "name=sleep:0.5, each with @3 for the third pass only."
        )
    name, action, more = found["name"], Action(found["action"]), found["more"] or ""
    if name not in POINTS:
        raise ConfigError(f"{FAILPOINTS}: there is no failpoint “{name}”.")
    nth = int(found["nth"] or (0 if action is Action.SLEEP else 1))
    if found["nth"] and not nth:
        raise ConfigError(f"{FAILPOINTS}: “{part}”: passes are counted from 1.")
    if action is Action.KILL:
        if more and more not in set(Moment):
            raise ConfigError(f"{FAILPOINTS}: “{more}” is no moment; there are {', '.join(Moment)}.")
        return Armed(name, action, Moment(more or "at"), nth=nth)
    if action is Action.SLEEP:
        return Armed(name, action, seconds=_seconds(part, more), nth=nth)
    if more:
        raise ConfigError(f"{FAILPOINTS}: “{part}”: raise stands alone.")
    return Armed(name, action, nth=nth)


def _seconds(part: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_SLEEP_SECONDS:
        raise ConfigError(f"{FAILPOINTS}: “{part}” needs seconds from 0 to {LONGEST_SLEEP_SECONDS:g}.")
    return seconds


_STATE = _State()
