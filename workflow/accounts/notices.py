"""What people are told: one line in the bell and, if they want it, one mail; each event once.

The text is kept as its catalogue entry and what fills it, so that everybody reads it in their language.
Whoever tells something calls :func:`notify` in the transaction in which it happens.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from workflow.accounts.mails import post_mail
from workflow.accounts.models import Account
from workflow.accounts.notice_tables import Notice, NoticeChannel, NoticeSwitch
from workflow.accounts.queries import AT_WORK
from workflow.accounts.states import Rank
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import Said, say

#: A crawl finds for a while; the mail about its hits is written when it has been quiet for so long.
HITS_SETTLE = timedelta(minutes=30)
MANY_STAFF = 500


class NoticeKind(StrEnum):
    """What a notice is about; the word by which it is switched on and off."""

    #: Copies were found.
    NEW_HITS = "new_hits"
    #: The person must do something, by a date.
    YOU_MUST_ACT = "you_must_act"
    #: A case was checked: the offer is out, or it was not accepted.
    CASE_CHECKED = "case_checked"
    #: The other side answered.
    ANSWER = "answer"
    #: Money came in.
    PAYMENT = "payment"
    #: A case is over.
    CASE_CLOSED = "case_closed"
    #: A share became available, was sent or came back.
    PAYOUT = "payout"
    #: For operators: a case was submitted.
    NEW_CASE = "new_case"
    #: For operators: a letter did not leave.
    LETTER_FAILED = "letter_failed"
    #: For operators: a date could not be kept.
    DATE_BLOCKED = "date_blocked"
    #: For administrators: somebody was invited, ranked, deactivated or brought back by another one.
    PEOPLE = "people"
    #: For operators: the self-check found something.
    PROBLEM = "problem"
    #: The summary of the week, by mail only.
    DIGEST = "digest"


K = NoticeKind
#: Which switches each role sees, in the order of Settings.
KINDS: dict[Role, tuple[NoticeKind, ...]] = {
    Role.RIGHTS_HOLDER: (
        K.YOU_MUST_ACT, K.NEW_HITS, K.CASE_CHECKED, K.ANSWER, K.PAYMENT, K.CASE_CLOSED, K.PAYOUT, K.DIGEST,
    ),
    Role.OPERATOR: (K.NEW_CASE, K.ANSWER, K.LETTER_FAILED, K.DATE_BLOCKED, K.PEOPLE, K.PROBLEM),
    Role.LEGAL_PARTNER: (),
}  # fmt: skip
#: What the bell always shows: whoever does not see it loses something.
ALWAYS_IN_BELL = frozenset({K.YOU_MUST_ACT, K.PEOPLE})
#: What has no line in the bell at all.
MAIL_ONLY = frozenset({K.DIGEST})

WORDS: dict[NoticeKind, Said] = {
    K.NEW_HITS: say("New hits, once a day"),
    K.YOU_MUST_ACT: say("You must act"),
    K.CASE_CHECKED: say("Your case was checked"),
    K.ANSWER: say("An answer came"),
    K.PAYMENT: say("A payment came in"),
    K.CASE_CLOSED: say("A case is closed"),
    K.PAYOUT: say("Your share is available, sent or returned"),
    K.NEW_CASE: say("A new case waits"),
    K.LETTER_FAILED: say("A letter did not leave"),
    K.DATE_BLOCKED: say("A date could not be kept"),
    K.PEOPLE: say("Who works here, or a rank, changed"),
    K.PROBLEM: say("The self-check found something"),
    K.DIGEST: say("Summary of the week, Mondays at 8:00"),
}
ICONS: dict[NoticeKind, str] = {
    K.NEW_HITS: "images", K.YOU_MUST_ACT: "exclamation-triangle", K.CASE_CHECKED: "check-circle",
    K.ANSWER: "chat-left-text", K.PAYMENT: "credit-card", K.CASE_CLOSED: "archive",
    K.PAYOUT: "cash-coin", K.NEW_CASE: "folder2-open", K.LETTER_FAILED: "envelope-exclamation",
    K.DATE_BLOCKED: "calendar-x", K.PEOPLE: "people", K.PROBLEM: "shield-exclamation", K.DIGEST: "inbox",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """Where the desk shows more."""

    endpoint: str = ""
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoticeMail:
    """The mail that says the same: a template of ``mails/`` and what fills it."""

    template: str
    context: Mapping[str, Any]


def notify(
    session: Session,
    account_id: uuid.UUID,
    kind: NoticeKind,
    text: Said,
    now: datetime,
    *,
    key: str,
    link: Link = Link(),
    subject: tuple[str, uuid.UUID] | None = None,
    act_by: date | None = None,
    mail: NoticeMail | None = None,
) -> bool:
    """Tell one person one thing, once: ``False`` if ``key`` was told already. ``now`` is business time.

    The bell and the mail follow the person's switches; the mail leaves through the outbox.
    """
    if _told(session, account_id, key) is not None:
        return False
    notice = Notice(
        account_id=account_id,
        key=key,
        kind=kind.value,
        subject_type=subject[0] if subject else "",
        subject_id=subject[1] if subject else None,
        msgid=text.msgid,
        filling=packed(text),
        endpoint=link.endpoint,
        link_args=dict(link.args),
        act_by=act_by,
        in_bell=wants(session, account_id, kind, NoticeChannel.BELL),
        created_at=now,
    )
    session.add(notice)
    session.flush()
    if mail is not None and wants(session, account_id, kind, NoticeChannel.MAIL):
        _post(session, notice, mail, now)
    return True


def notify_operators(
    session: Session, kind: NoticeKind, text: Said, now: datetime, *, key: str, **more: Any
) -> int:
    """Tell every operator the same thing; returns to how many it was new."""
    staff = session.scalars(select(Account).where(*AT_WORK).order_by(Account.id).limit(MANY_STAFF)).all()
    write = more.pop("mail_to", None)
    return sum(
        notify(session, person.id, kind, text, now, key=key, mail=write(person) if write else None, **more)
        for person in staff
    )


def notify_administrators(session: Session, text: Said, now: datetime, *, key: str, by: Actor) -> int:
    """Tell every other administrator what one of them did about who works here."""
    others = select(Account.id).where(*AT_WORK, Account.rank == Rank.ADMINISTRATOR).order_by(Account.id)
    return sum(
        notify(session, person, K.PEOPLE, text, now, key=key, link=Link("operator_people.index"))
        for person in session.scalars(others.limit(MANY_STAFF)).all()
        if str(person) != by.id
    )


def count_hits(session: Session, account_id: uuid.UUID, found: int, day: date, now: datetime) -> None:
    """Add ``found`` new hits to the day's one notice; a notice that was read begins to shine again.

    Call it in the transaction that writes the hits: a killed run loses none and counts none twice.
    """
    notice = _told(session, account_id, f"hits:{day.isoformat()}")
    if notice is None:
        text = say("New hits in your inbox: {count}.", count=found)
        notify(
            session, account_id, K.NEW_HITS, text, now,
            key=f"hits:{day.isoformat()}", link=Link("hits_rights_holder.inbox"),
        )  # fmt: skip
        notice = _told(session, account_id, f"hits:{day.isoformat()}")
        assert notice is not None, "it was just written"
        notice.count = found
    else:
        notice.count += found
        notice.filling = packed(say("New hits in your inbox: {count}.", count=notice.count))
        notice.created_at, notice.read_at = now, None
    if notice.mailed_at is None:
        notice.mail_after = now + HITS_SETTLE
    session.flush()


def wants(session: Session, account_id: uuid.UUID, kind: NoticeKind, channel: NoticeChannel) -> bool:
    """Whether this person is told this kind of thing this way; on until somebody switches it off."""
    if channel is NoticeChannel.BELL and kind in ALWAYS_IN_BELL:
        return True
    if channel is NoticeChannel.BELL and kind in MAIL_ONLY:
        return False
    answer = session.scalar(
        select(NoticeSwitch.is_on).where(
            NoticeSwitch.account_id == account_id,
            NoticeSwitch.kind == kind.value,
            NoticeSwitch.channel == channel,
        )
    )
    return True if answer is None else bool(answer)


def switch(
    session: Session, account_id: uuid.UUID, kind: NoticeKind, channel: NoticeChannel, *, on: bool
) -> None:
    """Turn one kind on or off for one channel; what the bell always shows stays on."""
    row = session.scalars(
        select(NoticeSwitch).where(
            NoticeSwitch.account_id == account_id,
            NoticeSwitch.kind == kind.value,
            NoticeSwitch.channel == channel,
        )
    ).first()
    if row is None:
        session.add(NoticeSwitch(account_id=account_id, kind=kind.value, channel=channel, is_on=on))
    else:
        row.is_on = on
    session.flush()


def mail_hits(session: Session, now: datetime, desk_url: str, sender_name: str) -> int:
    """Write the mails about hits of crawls that have settled; returns how many. One a day and person."""
    due = session.execute(
        select(Notice, Account)
        .join(Account, Account.id == Notice.account_id)
        .where(Notice.mail_after <= now)
        .order_by(Notice.mail_after)
        .limit(MANY_STAFF)
        .with_for_update(of=Notice, skip_locked=True)
    ).all()
    written = 0
    for notice, person in due:
        notice.mail_after = None
        if not wants(session, person.id, K.NEW_HITS, NoticeChannel.MAIL):
            continue
        context = {
            "name": person.name, "count": notice.count, "inbox_url": f"{desk_url}/inbox",
            "settings_url": f"{desk_url}/settings/notices", "sender_name": sender_name,
        }  # fmt: skip
        _post(session, notice, NoticeMail("new_hits", context), now)
        written += 1
    session.flush()
    return written


def text_of(notice: Notice) -> Said:
    """The sentence, ready to be said in the reader's language."""
    said = unpacked(notice.filling)
    assert isinstance(said, Said)
    return said


def packed(value: Any) -> Any:
    """A sentence, a date or money as plain JSON."""
    if isinstance(value, Said):
        filled = {name: packed(each) for name, each in value.values.items()}
        return {"said": value.msgid, "many": value.many, "number": value.number, "values": filled}
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency.value}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    assert isinstance(value, (str, int)), f"{value!r} cannot stand in a notice"
    return value


def unpacked(value: Any) -> Any:
    """The other way round."""
    if not isinstance(value, dict):
        return value
    if "said" in value:
        filled = {name: unpacked(each) for name, each in value["values"].items()}
        return Said(value["said"], filled, value["many"], value["number"])
    if "date" in value:
        return date.fromisoformat(value["date"])
    return Money(value["minor"], Currency(value["currency"]))


def _told(session: Session, account_id: uuid.UUID, key: str) -> Notice | None:
    return session.scalars(
        select(Notice).where(Notice.account_id == account_id, Notice.key == key).with_for_update()
    ).first()


def _post(session: Session, notice: Notice, mail: NoticeMail, now: datetime) -> None:
    person = session.get_one(Account, notice.account_id)
    post_mail(session, person, mail.template, mail.context, now, key=f"mail:notice:{notice.id}")
    notice.mailed_at = now
