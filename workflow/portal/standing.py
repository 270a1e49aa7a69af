"""Where the case stands, in words for the recipient: what it is, what happens next, what is possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from workflow.cases.cadence import zone_of
from workflow.cases.effects import place_of
from workflow.cases.lifecycle import OPEN
from workflow.cases.models import Case, Hold
from workflow.cases.states import CLOSED_WORDS, CaseState, ClosedReason, HoldKind
from workflow.kernel.calendar import local_date
from workflow.kernel.said import say

#: Within so many working days a person decides on an answer.
DECIDED_WITHIN = 5

RELEASE = say(
    "With this payment the use named above is settled. Nothing more will be asked of "
    "you for it, by us or by the rights-holder."
)

_HELD: dict[HoldKind, str] = {
    HoldKind.LICENCE_SHOWN: say("You told us of a licence"),
    HoldKind.OBJECTION: say("You objected"),
    HoldKind.QUESTION: say("You wrote to us"),
    HoldKind.PAYMENT_PENDING: say("A payment is on its way"),
    HoldKind.BOUNCE: say("A letter to you could not be delivered"),
    HoldKind.INSOLVENCY: say("An insolvency was reported"),
    HoldKind.DATA_PROTECTION: say("You asked about your data"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """``kind`` and ``word`` make the chip (never red here), the sentences say the rest."""

    kind: str
    word: str
    sentence: str
    follows: str


_OPEN = Standing(
    "neutral", say("Open"), say("Please answer by {answer_by}."),
    say("Any answer counts, also a question. It stops our reminders until a person has "
"read it."),
)  # fmt: skip
_CLOSED = Standing(
    "done", say("Closed"), say("{why}"), say("Nothing more is asked of you for this use of this photograph.")
)
_BY_STATE: dict[CaseState, Standing] = {
    CaseState.OFFERED: _OPEN,
    CaseState.REMINDED: _OPEN,
    CaseState.AGREED: Standing(
        "neutral",
        say("Agreed"),
        say("We agreed on the sum below."),
        say("Once it is paid, licence and receipt appear on this page."),
    ),
    CaseState.IN_INSTALMENTS: Standing(
        "neutral",
        say("Your plan"),
        say("We agreed that you pay in parts."),
        say("The dates are in our letter. Write to us if one does not suit you."),
    ),
    CaseState.IN_DUNNING: Standing(
        "waiting",
        say("Overdue"),
        say("There was no answer in time, so we send formal reminders. The last one names {answer_by}."),
        say(
            "You can still pay the sum below, show a licence or object. Without an answer a "
            "person checks whether the case goes to a lawyer."
        ),
    ),
    CaseState.LEGAL_REVIEW: Standing(
        "waiting",
        say("Overdue"),
        say("The formal reminders stayed without an answer."),
        say(
            "A person checks now whether the case goes to a lawyer. Until then you can pay, "
            "show a licence or object here."
        ),
    ),
    CaseState.WITH_PARTNER: Standing(
        "waiting",
        say("With a lawyer"),
        say("A law firm acts for the rights-holder now and writes to you."),
        say("Please answer the law firm. You can still write to us or pay here."),
    ),
    CaseState.IN_COURT: Standing(
        "waiting",
        say("In court"),
        say("A court deals with the case."),
        say("The dates of the court count, whatever is written here. You can still write to us."),
    ),
    CaseState.PAID: Standing(
        "done",
        say("Paid"),
        say("Your payment was received on {paid_on}. {release}"),
        say("Keep the licence and the receipt below. You need not do anything more."),
    ),
    CaseState.SETTLED: Standing(
        "done",
        say("Settled"),
        say("The case was settled by agreement."),
        say("Nothing more is asked of you."),
    ),
    CaseState.CLOSED: _CLOSED,
}
_BY_REASON: dict[ClosedReason, Standing] = {
    ClosedReason.PAID: Standing(
        "done", say("Closed"), say("Your payment was received on {paid_on}. {release}"),
        say("The case is closed. You need not do anything more.")),
}  # fmt: skip
#: Paid, and given back.
_RETURNED = Standing(
    "done", say("Closed"), say("Your payment was returned in full and the claim was withdrawn."),
    say("The licence that came with the payment ended with it. Nothing is asked of you "
"for this use."),
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


def payment_pending(case: Case) -> bool:
    """Whether a payment was announced or came in part, and the case waits for it."""
    return any(hold.kind is HoldKind.PAYMENT_PENDING and hold.closed_at is None for hold in case.holds)


def answerable(case: Case) -> bool:
    """Whether there is still something to object to; a question can be asked always."""
    return case.state in OPEN


def answer_by_words(case: Case, day: date | None) -> str:
    """``29 Mar 2024, until the end of the day (Europe/Berlin)``."""
    return say("{day}, until the end of the day ({zone})", day=day, zone=zone_name(case)) if day else ""


def zone_name(case: Case) -> str:
    """The zone of the recipient, in which our dates are meant."""
    return zone_of(case.recipient_country)


def received_words(case: Case, at: datetime) -> str:
    """``3 Mar 2024, 14:05 (Europe/Berlin)``."""
    local = at.astimezone(ZoneInfo(zone_name(case)))
    return say("{day}, {time} ({zone})", day=local.date(), time=f"{local:%H:%M}", zone=zone_name(case))


def decision_by(case: Case, at: datetime) -> date:
    """Until when a person decides on what was received at that moment."""
    return place_of(case).add(local_date(at, zone_name(case)), DECIDED_WITHIN)


def _held(case: Case, hold: Hold) -> Standing:
    since = local_date(hold.opened_at, zone_name(case))
    until = decision_by(case, hold.opened_at)
    if hold.kind is HoldKind.PAYMENT_PENDING:
        return Standing(
            "waiting",
            say("Payment on its way"),
            say("{what} since {since}.", what=_HELD[hold.kind], since=since),
            say("As soon as it is confirmed, licence and receipt appear on this page."),
        )
    return Standing(
        "waiting",
        say("Our reminders stand still"),
        say(
            "{what} on {since}. Until that is decided you get no reminder and no date runs.",
            what=_HELD[hold.kind],
            since=since,
        ),
        say(
            "A person decides by {until} and answers you by e-mail and on this page. You "
            "need not do anything now.",
            until=until,
        ),
    )


def _by_state(case: Case) -> Standing:
    """The row of the table, with the dates of this case."""
    row = _BY_REASON.get(case.closed_reason) if case.closed_reason else None
    if case.closed_reason is ClosedReason.WITHDRAWN and case.paid_at is not None:
        row = _RETURNED
    if row is None:
        row = _BY_STATE[case.state]
    facts: dict[str, str | date] = {
        "answer_by": answer_by_words(case, case.answer_by),
        "paid_on": _paid_on(case),
        "release": RELEASE,
        "why": CLOSED_WORDS[case.closed_reason] if case.closed_reason else say("The case is over."),
    }
    return Standing(row.kind, row.word, _filled(row.sentence, facts), row.follows)


def _filled(sentence: str, facts: Mapping[str, str | date]) -> str:
    """The sentence of the table with those facts it names."""
    return say(sentence, **{name: fact for name, fact in facts.items() if f"{{{name}}}" in sentence})


def _paid_on(case: Case) -> str | date:
    return local_date(case.paid_at, zone_name(case)) if case.paid_at else "–"
