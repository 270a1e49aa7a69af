"""What the owner's pages show of hits: words, chips, facts with their sources, the money a case may bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from flask import current_app, url_for

from detection.types import Certainty, MatchKind
from workflow.accounts.models import ContractTerms
from workflow.cases.states import Stage
from workflow.hits.models import Hit
from workflow.hits.queries import COUNTED, View, Wanted
from workflow.hits.states import VERDICT_WORDS, HitState, Likelihood, Verdict
from workflow.hits.writing import OBSERVED
from workflow.kernel.money import Money
from workflow.kernel.said import joined, say, stored
from workflow.kernel.wording import shown_through
from workflow.web.rendering import date_text

KIND_WORDS: dict[MatchKind, str] = {
    MatchKind.EXACT: say("Same size"),
    MatchKind.RESIZED: say("Resized"),
    MatchKind.RECOLOURED: say("Recoloured"),
    MatchKind.MIRRORED: say("Mirrored"),
    MatchKind.CROPPED: say("Cropped"),
    MatchKind.COLLAGE: say("In a collage"),
    MatchKind.ALTERED: say("Altered"),
}
KIND_ICONS: dict[MatchKind, str] = {MatchKind.CROPPED: "crop", MatchKind.MIRRORED: "symmetry-vertical"}
LICENCE_WORDS: dict[Likelihood, str] = {
    Likelihood.LOW: say("Licence unlikely"),
    Likelihood.MEDIUM: say("Licence possible"),
    Likelihood.HIGH: say("Licence likely"),
}
VIEW_WORDS: dict[View, str] = {
    View.OPEN: say("To decide"),
    View.READY: say("Ready to submit"),
    View.DECIDED: say("Decided"),
    View.SUBMITTED: say("Submitted"),
}
STAGE_WORDS: dict[Stage, str] = {stage: say(stage.value.capitalize()) for stage in Stage}
STAGES = (say("Hit"), say("Reviewed"), say("Submitted"), say("Offer"), say("Dunning"), say("Court"))
VERDICT_KINDS: dict[Verdict, str] = {
    Verdict.ILLEGAL: "danger",
    Verdict.UNSURE: "waiting",
    Verdict.LEGAL: "done",
}
_PERCENT = 100


class Tab(StrEnum):
    """Ways to look at both pictures."""

    SIDE = "side"
    OVERLAY = "overlay"
    DIFFERENCE = "difference"
    PAGE = "page"


TAB_WORDS: dict[Tab, str] = {
    Tab.SIDE: say("Side by side"),
    Tab.OVERLAY: say("Overlay"),
    Tab.DIFFERENCE: say("Difference"),
    Tab.PAGE: say("On the page"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with its colour and sign."""

    kind: str
    word: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """What we know, from where, how sure."""

    label: str
    value: str
    source: str = ""
    sure: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way a case may end, and what of it is the owner's."""

    label: str
    fee: Money
    yours: Money
    because: str


def chips_of(hit: Hit) -> list[Chip]:
    """Kind, certainty and licence at a glance; for decided hits what was decided."""
    chips = []
    if hit.state is HitState.SUBMITTED:
        chips.append(Chip("neutral", STAGE_WORDS[hit.stage], "folder2-open"))
    elif hit.verdict is not None:
        chips.append(Chip(VERDICT_KINDS.get(hit.verdict, "neutral"), VERDICT_WORDS[hit.verdict]))
    if hit.certainty is Certainty.UNCERTAIN:
        chips.append(Chip("waiting", say("Uncertain match"), "question-circle"))
    chips.append(Chip("neutral", KIND_WORDS[hit.kind], KIND_ICONS.get(hit.kind, "image")))
    licence = "waiting" if hit.licence is not Likelihood.LOW else "neutral"
    chips.append(Chip(licence, LICENCE_WORDS[hit.licence], "file-earmark-text"))
    return chips


def facts_of(hit: Hit, twins: int) -> list[Fact]:
    """The list below the pictures; what is not known is said, not left out."""
    sure = say("Sure") if hit.certainty is Certainty.CONFIRMED else say("Uncertain")
    seen = say("Sure") if hit.first_seen_source == OBSERVED else say("Likely")
    imprint = say("Imprint of the site") if hit.operator_source else say("No imprint found on this site")
    unconfirmed = say("Unconfirmed") if hit.operator_source else ""
    facts = [
        Fact(
            say("Match"),
            stored(hit.sentence),
            say("{inliers} places agree", inliers=hit.inliers)
            if hit.inliers
            else say("Whole picture compared"),
            sure,
        ),
        Fact(
            say("Part of your photograph"),
            say("{visible_share} % can be seen", visible_share=f"{hit.visible_share * _PERCENT:.0f}"),
            say("Geometry"),
            sure,
        ),
        Fact(
            say("Size on the web"),
            say(
                "{found_width} × {found_height} pixels",
                found_width=hit.found_width,
                found_height=hit.found_height,
            ),
            say("The picture itself"),
            say("Sure"),
        ),
        Fact(say("In use since"), date_text(hit.first_seen), stored(hit.first_seen_source), seen),
        Fact(say("Last seen"), date_text(hit.last_seen), stored(hit.last_seen_source), say("Sure")),
        Fact(say("Operator"), hit.operator_name or say("Not known"), imprint, unconfirmed),
    ]
    if hit.operator_address:
        facts.append(Fact(say("Address"), hit.operator_address.replace("\n", ", "), imprint, unconfirmed))
    if hit.operator_email:
        facts.append(Fact(say("E-mail"), hit.operator_email, imprint, unconfirmed))
    facts.append(Fact(say("Country"), hit.operator_country or say("Not known"), imprint, unconfirmed))
    facts += _guesses_of(hit)
    if twins:
        facts.append(
            Fact(
                say("Other sizes"),
                say("{twins} more on the same page", twins=twins),
                say("Our search"),
                say("Sure"),
            )
        )
    return facts


def _guesses_of(hit: Hit) -> list[Fact]:
    """What the page makes us guess."""
    return [
        Fact(
            say("Credit"),
            hit.credit_found or say("None found"),
            say("Text beside the picture"),
            say("Likely"),
        ),
        Fact(
            say("Licence"),
            LICENCE_WORDS[hit.licence],
            joined(map(stored, hit.licence_reasons)),
            say("A guess"),
        ),
        Fact(say("Kind of use"), joined(map(stored, hit.fee_reasons)), say("The page"), say("A guess")),
    ]


def place_of(hit: Hit) -> list[Fact]:
    """Where on the page the picture stands."""
    return [
        Fact(say("Page"), hit.page_title or say("Without a title"), say("Its title")),
        Fact(say("Address of the page"), hit.page_url, say("Our search")),
        Fact(say("Address of the picture"), hit.image_url, say("The page's code")),
        Fact(say("Shown through"), shown_through(hit.channel), say("The page's code")),
        Fact(say("Text in place of it"), hit.alt or say("None"), say("The page's code")),
        Fact(say("Text beside it"), hit.credit_found or say("None"), say("The page's code")),
        Fact(say("Imprint"), hit.operator_source or say("None found"), say("Our search")),
    ]


#: What the preview of a counter-offer shows while no limit is chosen.
EXAMPLE_LIMIT, WHOLE = 80, 100


def outcomes_of(hits: Sequence[Hit], terms: ContractTerms, lowest: int | None) -> list[Outcome]:
    """The ways it may end; sums without VAT. Hits without a price count nothing."""
    lows = [hit.fee_low for hit in hits if hit.fee_low is not None]
    highs = [hit.fee_high for hit in hits if hit.fee_high is not None]
    if not lows or not highs or len({amount.currency for amount in lows}) > 1:
        return []
    low = sum(lows[1:], lows[0])
    high = sum(highs[1:], highs[0])
    share = say(
        "{owner_percent} % by the terms of {version}",
        owner_percent=terms.owner_percent,
        version=terms.version,
    )
    nothing = Money.zero(low.currency)
    percent = lowest if lowest and 0 < lowest < WHOLE else EXAMPLE_LIMIT
    less = low.share_bp(percent * WHOLE)
    at_limit = say("Counter-offer at {percent} % of the lower end, if that is your limit", percent=percent)
    return [
        Outcome(say("Paid at the upper end"), high, high.share_bp(terms.owner_share_bp), share),
        Outcome(say("Paid at the lower end"), low, low.share_bp(terms.owner_share_bp), share),
        Outcome(at_limit, less, less.share_bp(terms.owner_share_bp), share),
        Outcome(
            say("Nothing is paid"),
            nothing,
            nothing,
            say("It costs you nothing: the operator bears every cost."),
        ),
    ]


def address_of(wanted: Wanted, **changes: Any) -> str:
    """The stable address of a list; ``changes`` replace or, when empty, leave out."""
    return url_for("hits_rights_holder.inbox", **query_of(wanted, **changes))


def query_of(wanted: Wanted, **changes: Any) -> dict[str, Any]:
    """What stands behind the question mark: everything that is not as usual."""
    names = {"work_id": "work", "search": "q"}
    said: dict[str, Any] = {}
    for each in fields(Wanted):
        value = changes.pop(each.name, getattr(wanted, each.name))
        if value not in (None, "", each.default):
            said[names.get(each.name, each.name)] = value
    return {name: str(value) for name, value in {**said, **changes}.items() if value}


def tabs_of(hit: Hit) -> list[tuple[str, str, str]]:
    """The ways to look at it, as links."""
    here = "hits_rights_holder.show"
    return [(tab.value, word, url_for(here, hit_id=hit.id, tab=tab.value)) for tab, word in TAB_WORDS.items()]


def count_text(count: int) -> str:
    """``1,204``; above what is counted, ``10,000+``."""
    return f"{count:,}" if count <= COUNTED else f"{COUNTED:,}+"


def case_address(hit: Hit) -> str:
    """The page of the case the hit is part of; empty when there is none."""
    endpoint = "cases_rights_holder.show"
    if hit.case_id is None or endpoint not in current_app.view_functions:
        return ""
    return url_for(endpoint, case_id=hit.case_id)
