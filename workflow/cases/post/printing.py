"""The pages of a letter: printed once, printed anew while they have not left, never changed afterwards."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import delete

from workflow.accounts.queries import operator_profile
from workflow.cases import letters
from workflow.cases.effects import place_of
from workflow.cases.models import Case, Letter, LetterDocument
from workflow.cases.post.channels import post_rules
from workflow.cases.post.dating import redate, today_at
from workflow.cases.post.deliveries import edition_left, message_key, open_delivery
from workflow.cases.post.states import Way
from workflow.cases.services.submitting import scope_of
from workflow.kernel import outbox
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused
from workflow.kernel.failpoints import failpoint
from workflow.kernel.runtime import Runtime


def print_letter(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Print every document of a letter that waits for its mail, ask for sending. Safe to repeat."""
    letter_id = uuid.UUID(payload["letter_id"])
    with runtime.database.reading() as session:
        if open_delivery(session, letter_id, Way.MAIL, lock=False) is None:
            return
    bring_up_to_date(runtime, letter_id, by_post=False)
    now = runtime.clock.business()
    with runtime.database.transaction() as session:
        mail = open_delivery(session, letter_id, Way.MAIL)
        if mail is None:
            return
        key = message_key("letter.send", letter_id, mail.attempt)
        outbox.post(session, "letter.send", {"letter_id": str(letter_id)}, key=key, now=now)
        failpoint("letter.after_store")


def bring_up_to_date(runtime: Runtime, letter_id: uuid.UUID, *, by_post: bool) -> None:
    """See that the letter's pages are there and carry the present date and dates, unless they have left.

    Nothing is rendered inside a transaction that writes: a letter takes a second, pictures more.
    """
    with runtime.database.transaction() as session:
        letter, case = _locked(session, letter_id)
        renew(session, runtime, letter, case, by_post=by_post)
        if letter.enclosures:
            return
    with runtime.database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        case = session.get_one(Case, letter.case_id)
        edition, dated = letter.edition, (letter.on, letter.answer_by)
        documents = letters.printables(session, runtime, letter, case)
        if lacks := letters.why_incomplete(session, runtime, letter, case, documents[0]):
            raise Refused(*lacks)
    printed = [(item, item.pdf(runtime.press)) for item in documents]
    failpoint("letter.after_render")
    with runtime.database.transaction() as session:
        letter, _case = _locked(session, letter_id)
        if letter.enclosures or (letter.edition, (letter.on, letter.answer_by)) != (edition, dated):
            return  # somebody else was faster, or dated it anew: what they print counts
        keep(session, runtime, letter, printed)


def renew(
    session: Session, runtime: Runtime, letter: Letter, case: Case, *, by_post: bool, only_look: bool = False
) -> None:
    """Date the letter anew where its pages would say a day that has passed; takes those pages away.

    With ``only_look`` (in a session that cannot write) the rows change in memory and nowhere else.
    """
    now = runtime.clock.business()
    today = today_at(case, now)
    window = _window(session, case)
    # the window of pages printed before this was noted is the one of the case
    before = (letter.on, letter.answer_by, letter.facts.get("window", window))
    if edition_left(session, letter):
        # a paper copy soon after the mail is the very letter that was mailed
        last = place_of(case).add(letter.on, post_rules(today).posting_days)
        if not by_post or (today <= last and window == before[2]):
            return
        letter.edition += 1
        redate(session, letter, case, now, by_post=True)
    elif by_post or letter.on < today:
        redate(session, letter, case, now, by_post=by_post)
    letter.facts = {**letter.facts, "window": window}
    if only_look:
        return
    if (letter.on, letter.answer_by, window) != before:
        session.execute(
            delete(LetterDocument).where(
                LetterDocument.letter_id == letter.id, LetterDocument.edition == letter.edition
            )
        )
    session.flush()
    session.expire(letter, ["enclosures"])


def _window(session: Session, case: Case) -> list[str]:
    profile = operator_profile(session)
    return letters.window_lines(case, profile.country if profile else case.recipient_country)


def keep(
    session: Session, runtime: Runtime, letter: Letter, printed: list[tuple[letters.Printable, bytes]]
) -> None:
    """Store the printed pages of the present edition, sealed with the case's key."""
    now = runtime.clock.business()
    for position, (item, pdf) in enumerate(printed):
        document = runtime.vault.put(
            session, scope_of(letter.case_id), pdf,
            media_type="application/pdf", name=item.file_name, now=now,
        )  # fmt: skip
        session.add(
            LetterDocument(
                letter_id=letter.id, edition=letter.edition, position=position,
                title=item.title, document_id=document.id,
            )
        )  # fmt: skip
    letter.subject = printed[0][0].title
    session.flush()
    session.expire(letter, ["enclosures"])


def _locked(session: Session, letter_id: uuid.UUID) -> tuple[Letter, Case]:
    """The case first, then its letter, like every step."""
    letter = session.get_one(Letter, letter_id)
    case = session.get_one(Case, letter.case_id, with_for_update=True, populate_existing=True)
    return session.get_one(Letter, letter_id, with_for_update=True, populate_existing=True), case
