"""Where the case stands, in words for the recipient: what it is, what happens next, what is possible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from workflow.cases.cadence import zone_of
from workflow.cases.effects import place_of
from workflow.cases.lifecycle import OPEN
from workflow.cases.models import Case, Hold
from workflow.cases.states import CLOSED_WORDS, CaseState, ClosedReason, HoldKind
from workflow.kernel.calendar import local_date

#: Within so many working days a person decides on an answer.
DECIDED_WITHIN = 5

RELEASE = (
    "With this payment the use named above is settled. "
    "Nothing more will be asked of you for it, by us or by the rights-holder."
)

_HELD: dict[HoldKind, str] = {
    HoldKind.LICENCE_SHOWN: "You told us of a licence",
    HoldKind.OBJECTION: "You objected",
    HoldKind.QUESTION: "You wrote to us",
    HoldKind.PAYMENT_PENDING: "A payment is on its way",
    HoldKind.BOUNCE: "A letter to you could not be delivered",
    HoldKind.INSOLVENCY: "An insolvency was reported",
    HoldKind.DATA_PROTECTION: "You asked about your data",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """``kind`` and ``word`` make the chip (never red here), the sentences say the rest."""

    kind: str
    word: str
    sentence: str
    follows: str


_OPEN = Standing(
    "neutral", "Open", "Please answer by {answer_by}.",
    "Any answer counts, also a question. It stops our reminders until a person has read it.",
)  # fmt: skip
_CLOSED = Standing("done", "Closed", "{why}", "Nothing more is asked of you for this use of this photograph.")
_BY_STATE: dict[CaseState, Standing] = {
    CaseState.OFFERED: _OPEN,
    CaseState.REMINDED: _OPEN,
    CaseState.AGREED: Standing(
        "neutral", "Agreed", "We agreed on the sum below.",
        "Once it is paid, licence and receipt appear on this page."),
    CaseState.IN_INSTALMENTS: Standing(
        "neutral", "Your plan", "We agreed that you pay in parts.",
        "The dates are in our letter. Write to us if one does not suit you."),
    CaseState.IN_DUNNING: Standing(
        "waiting", "Overdue",
        "There was no answer in time, so we send formal reminders. The last one names {answer_by}.",
        "You can still pay the sum below, show a licence or object. Without an answer a person checks "
        "whether the case goes to a lawyer."),
    CaseState.LEGAL_REVIEW: Standing(
        "waiting", "Overdue", "The formal reminders stayed without an answer.",
        "A person checks now whether the case goes to a lawyer. Until then you can pay, show a licence or "
        "object here."),
    CaseState.WITH_PARTNER: Standing(
        "waiting", "With a lawyer", "A law firm acts for the rights-holder now and writes to you.",
        "Please answer the law firm. You can still write to us or pay here."),
    CaseState.IN_COURT: Standing(
        "waiting", "In court", "A court deals with the case.",
        "The dates of the court count, whatever is written here. You can still write to us."),
    CaseState.PAID: Standing(
        "done", "Paid", f"Your payment was received on {{paid_on}}. {RELEASE}",
        "Keep the licence and the receipt below. You need not do anything more."),
    CaseState.SETTLED: Standing(
        "done", "Settled", "The case was settled by agreement.", "Nothing more is asked of you."),
    CaseState.CLOSED: _CLOSED,
}  # fmt: skip
_BY_REASON: dict[ClosedReason, Standing] = {
    ClosedReason.PAID: Standing(
        "done", "Closed", f"Your payment was received on {{paid_on}}. {RELEASE}",
        "The case is closed. You need not do anything more."),
}  # fmt: skip
#: Paid, and given back.
_RETURNED = Standing(
    "done", "Closed", "Your payment was returned in full and the claim was withdrawn.",
    "The licence that came with the payment ended with it. Nothing is asked of you for this use.",
)  # fmt: skip


def standing(case: Case) -> Standing:
    """The case in plain words; an answer of the recipient comes before everything but the end."""
    held = next((hold for hold in case.holds if hold.closed_at is None), None)
    if held is not None and case.state in OPEN:
        return _held(case, held)
    return _by_state(case)


def payable(case: Case) -> bool:
    """Whether the sum can be paid here now."""
    return case.state in OPEN


def answerable(case: Case) -> bool:
    """Whether there is still something to object to; a question can be asked always."""
    return case.state in OPEN


def answer_by_words(case: Case, day: date | None) -> str:
    """``29 Mar 2024, until the end of the day (Europe/Berlin)``."""
    return f"{_day(day)}, until the end of the day ({zone_name(case)})" if day else ""


def zone_name(case: Case) -> str:
    """The zone of the recipient, in which our dates are meant."""
    return zone_of(case.recipient_country)


def received_words(case: Case, at: datetime) -> str:
    """``3 Mar 2024, 14:05 (Europe/Berlin)``."""
    local = at.astimezone(ZoneInfo(zone_name(case)))
    return f"{_day(local.date())}, {local:%H:%M} ({zone_name(case)})"


def decision_by(case: Case, at: datetime) -> date:
    """Until when a person decides on what was received at that moment."""
    return place_of(case).add(local_date(at, zone_name(case)), DECIDED_WITHIN)


def _held(case: Case, hold: Hold) -> Standing:
    since = _day(local_date(hold.opened_at, zone_name(case)))
    until = _day(decision_by(case, hold.opened_at))
    if hold.kind is HoldKind.PAYMENT_PENDING:
        return Standing("waiting", "Payment on its way", f"{_HELD[hold.kind]} since {since}.",
                        "As soon as it is confirmed, licence and receipt appear on this page.")  # fmt: skip
    return Standing(
        "waiting",
        "Our reminders stand still",
        f"{_HELD[hold.kind]} on {since}. Until that is decided you get no reminder and no date runs.",
        f"A person decides by {until} and answers you by e-mail and on this page. "
        "You need not do anything now.",
    )


def _by_state(case: Case) -> Standing:
    """The row of the table, with the dates of this case."""
    row = _BY_REASON.get(case.closed_reason) if case.closed_reason else None
    if case.closed_reason is ClosedReason.WITHDRAWN and case.paid_at is not None:
        row = _RETURNED
    if row is None:
        row = _BY_STATE[case.state]
    facts = {
        "answer_by": answer_by_words(case, case.answer_by),
        "paid_on": _paid_on(case),
        "why": CLOSED_WORDS[case.closed_reason] if case.closed_reason else "The case is over.",
    }
    return Standing(row.kind, row.word, row.sentence.format_map(facts), row.follows)


def _paid_on(case: Case) -> str:
    return _day(local_date(case.paid_at, zone_name(case))) if case.paid_at else "–"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
