"""What case pages show: stage bar, chips, pairs of pictures, facts, sums, steps. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflow.cases import guards
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Offer, Use
from workflow.cases.pricing.sheet import Line
from workflow.cases.states import (
    CLOSED_WORDS,
    STAGE_OF_CASE,
    CaseState,
    ClaimNature,
    EvidenceKind,
    LetterState,
    Stage,
)
from workflow.kernel import audit
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.lifecycle import Context
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import joined, say, stored
from workflow.kernel.wording import shown_through

#: The stage bar; paid or closed ends it where it stands.
STAGE_BAR = {
    Stage.HIT: say("Hit"),
    Stage.REVIEWED: say("Reviewed"),
    Stage.SUBMITTED: say("Submitted"),
    Stage.OFFER: say("Offer"),
    Stage.DUNNING: say("Dunning"),
    Stage.COURT: say("Court"),
}
STAGE_WORDS = {**STAGE_BAR, Stage.PAID: say("Paid"), Stage.CLOSED: say("Closed")}
STAGE_CHIPS = {Stage.PAID: "done", Stage.DUNNING: "waiting", Stage.COURT: "waiting"}
#: The stages a case can be in, in the order of the filter.
CASE_STAGES = (Stage.SUBMITTED, Stage.OFFER, Stage.PAID, Stage.DUNNING, Stage.COURT, Stage.CLOSED)
LETTER_CHIPS = {
    LetterState.QUEUED: ("waiting", say("Being printed")),
    LetterState.SENDING: ("waiting", say("On its way")),
    LetterState.SENT: ("done", say("Sent")),
    LetterState.WITHHELD: ("neutral", say("Withheld")),
    LetterState.FAILED: ("danger", say("Not sent")),
}
NATURE_WORDS = {ClaimNature.CONTRACT: say("Licence fee offered"), ClaimNature.DAMAGES: say("Damages asked")}
SURE_WORDS = {"confirmed": say("Sure"), "uncertain": say("A person should look")}
LICENCE_WORDS = {"low": say("Unlikely"), "medium": say("Possible"), "high": say("Likely")}


@dataclass(frozen=True, slots=True)
class Bar:
    """The arguments of ``stage_bar``."""

    words: tuple[str, ...]
    current: str
    done: str


@dataclass(frozen=True, slots=True)
class Fact:
    """What we know, from where, how sure."""

    label: str
    value: str
    source: str = ""
    sure: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Both pictures of one use and what is known about it."""

    use: Use
    #: In pixels of the found picture; empty when it is not known.
    outline: tuple[tuple[float, float], ...]
    width: int
    height: int
    facts: tuple[Fact, ...]
    kinds: frozenset[EvidenceKind]
    #: The page's address if a browser may follow it.
    href: str


@dataclass(frozen=True, slots=True)
class Sum:
    """What is asked, how it is made up, and how it would be shared."""

    offer: Offer
    title: str
    lines: tuple[Line, ...]
    vat_words: str
    #: How one licence is calculated; empty when an operator set the price.
    sheet: tuple[Line, ...]
    uses: int
    owner_part: Money
    operator_part: Money


@dataclass(frozen=True, slots=True)
class StepOn:
    """A step somebody may take from the page, with the reasons why not."""

    trigger: str
    label: str
    reasons: tuple[str, ...]
    warning: str
    carries: tuple[str, ...]
    needs_note: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist before the offer."""

    key: str
    label: str
    reason: str | None


#: The conditions of the offer in the order of the work.
CHECKS: tuple[tuple[str, str, Callable[[Context[Case]], str | None]], ...] = (
    ("evidence", say("Both pictures of every use are kept"), guards.has_evidence),
    ("recipient", say("The recipient is known"), guards.recipient_is_known),
    ("cadence", say("The dates that follow can be reckoned"), guards.cadence_is_known),
    ("price", say("The price is set"), guards.is_priced),
    ("tariff", say("The tariff is a licensed one, or approved"), guards.tariff_is_approved),
    ("set_up", say("The instance can send letters"), guards.letters_can_leave),
    ("contents", say("The offer says all it must"), guards.letter_is_complete),
)


def stage_bar(session: Session, case: Case) -> Bar:
    """Where the case stands; a case that ended stops at the furthest stage it reached."""
    stage = STAGE_OF_CASE[case.state]
    order = tuple(STAGE_BAR)
    if stage in STAGE_BAR:
        return Bar(tuple(STAGE_BAR.values()), STAGE_BAR[stage], "")
    states = set(CaseState)
    reached = {
        STAGE_OF_CASE[CaseState(step.after)]
        for step in audit.history(session, "case", case.id)
        if step.after in states
    }
    furthest = max((each for each in reached if each in STAGE_BAR), key=order.index, default=Stage.SUBMITTED)
    return Bar(tuple(STAGE_BAR.values()), STAGE_BAR[furthest], end_words(case))


def end_words(case: Case) -> str:
    """How it ended, in two words."""
    if case.state is CaseState.CLOSED and case.closed_reason is not None:
        return say("Closed: {reason}", reason=say(case.closed_reason.value.replace("_", " ")))
    return {CaseState.PAID: say("Paid"), CaseState.REJECTED: say("Not accepted")}.get(
        case.state, say("Settled")
    )


def state_words(case: Case, actor: Actor) -> str:
    """The state as this side reads it."""
    row = CASE_LIFECYCLE.states[case.state]
    if case.state is CaseState.CLOSED and case.closed_reason is not None:
        return say("Closed. {closed_word}", closed_word=CLOSED_WORDS[case.closed_reason])
    return row.label if actor.role is Role.OPERATOR else row.owner


def chip_of(case: Case) -> tuple[str, str]:
    """Kind and word of the chip of a case's stage."""
    stage = STAGE_OF_CASE[case.state]
    return STAGE_CHIPS.get(stage, "neutral"), STAGE_WORDS[stage]


def pairs(case: Case) -> list[Pair]:
    """The uses of the case, with their evidence at hand, as pairs of pictures."""
    return [_pair(use) for use in case.uses]


def sum_of(case: Case, offer: Offer | None) -> Sum | None:
    """What is asked now; the split is that of the terms frozen at submission."""
    if offer is None:
        return None
    sheet = tuple(
        Line(
            stored(row["label"]), Money(row["minor"], Currency(row["currency"])), stored(row["why"]),
            row.get("source", ""),
        )
        for row in offer.sheet
    )  # fmt: skip
    by_tariff = sum(line.amount.minor for line in sheet) * len(case.uses) == offer.net.minor
    owner_part, operator_part = offer.net.split(case.owner_share_bp, case.operator_share_bp)
    vat = (
        say("VAT {rate} %", rate=f"{offer.vat_rate_bp / 100:g}")
        if not offer.vat.is_zero
        else say("No VAT is due")
    )
    return Sum(
        offer=offer,
        title=NATURE_WORDS[offer.nature],
        lines=tuple(Line(stored(line.label), line.net) for line in offer.lines),
        vat_words=vat,
        sheet=sheet if by_tariff else (),
        uses=len(case.uses),
        owner_part=owner_part,
        operator_part=operator_part,
    )


def steps(session: Session, case: Case, actor: Actor, now: datetime) -> dict[str, StepOn]:
    """The steps this actor may take, by trigger; a note comes with the step and is no reason against it."""
    found = {}
    for action in CASE_LIFECYCLE.actions(Context(session, case, actor, now, note=say("given with the step"))):
        row = CASE_LIFECYCLE.find(case.state, action.trigger)
        assert row is not None, "actions come from the table"
        needs_note = guards.has_a_note in row.guards
        found[action.trigger.value] = StepOn(
            action.trigger.value, action.label, action.refusals, action.warning, action.carries, needs_note
        )
    return found


def checklist(session: Session, case: Case, actor: Actor, now: datetime) -> list[Check]:
    """What must stand before the offer leaves, while that is still to come."""
    if case.state is not CaseState.SUBMITTED:
        return []
    context = Context(session, case, actor, now)
    return [Check(key, label, guard(context)) for key, label, guard in CHECKS]


def as_json(case: Case, offer: Offer | None, turn: Any, url: str) -> dict[str, Any]:
    """A case for a script; the same facts as the page."""
    return {
        "reference": case.reference,
        "id": str(case.id),
        "stage": STAGE_OF_CASE[case.state].value,
        "state": case.state.value,
        "closed_reason": case.closed_reason.value if case.closed_reason else None,
        "host": case.host,
        "amount_minor": offer.total.minor if offer else None,
        "currency": offer.total.currency.value if offer else None,
        "whose_turn": turn.who,
        "sentence": turn.sentence,
        "next_date": turn.on.isoformat() if turn.on else None,
        "submitted_at": case.submitted_at.isoformat() if case.submitted_at else None,
        "url": url,
    }


def _pair(use: Use) -> Pair:
    told = use.match_facts
    points = told.get("outline") or []
    href = use.page_url if use.page_url.startswith(("http://", "https://")) else ""
    return Pair(
        use=use,
        outline=tuple((float(x), float(y)) for x, y in points),
        width=int(told.get("found_width") or 0),
        height=int(told.get("found_height") or 0),
        facts=tuple(_facts(use, told)),
        kinds=frozenset(piece.kind for piece in use.evidence),
        href=href,
    )


def _facts(use: Use, told: dict[str, Any]) -> Iterable[Fact]:
    sure = SURE_WORDS.get(str(told.get("certainty", "")), "")
    yield Fact(say("Match"), stored(use.match_sentence), say("Comparison of both pictures"), sure)
    if told.get("visible_share") is not None:
        share = f"{float(told['visible_share']) * 100:.0f} %"
        yield Fact(say("Share of the photograph shown"), share, say("Outline of the match"))
    yield Fact(say("Picture’s address"), use.image_url, shown_through(str(told.get("channel", ""))))
    yield Fact(say("First seen"), _day(use.first_seen), stored(str(told.get("first_seen_source", ""))))
    yield Fact(say("Last seen"), _day(use.last_seen), stored(str(told.get("last_seen_source", ""))))
    yield Fact(say("Credit"), use.credit_found or say("None found"), say("Text near the picture"))
    if told.get("licence"):
        reasons = joined(stored(str(reason)) for reason in told.get("licence_reasons") or ())
        yield Fact(
            say("Licensed already"), LICENCE_WORDS.get(str(told["licence"]), str(told["licence"])), reasons
        )
    if told.get("fee_reasons"):
        yield Fact(
            say("Kind of use"), joined(stored(str(reason)) for reason in told["fee_reasons"]), say("The page")
        )


def _day(moment: datetime | date) -> str:
    return say("{day}", day=moment.date() if isinstance(moment, datetime) else moment)
