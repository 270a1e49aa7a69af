"""One fact changed, everything else as it was: the same formula and edition make the new sheet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from workflow.cases.models import Case, Offer
from workflow.cases.pricing import (
    FactShown,
    FeeFacts,
    FeeSheet,
    Grade,
    again,
    facts_shown,
    from_stored,
    tariffs_of,
)
from workflow.cases.pricing.known import FACT_WORDS
from workflow.kernel.db import Session
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.money import Money
from workflow.kernel.said import Said, say

#: What a recipient can know better than we do, in the order of the page. Under which terms the photograph
#: could be had is no input of a sum but an objection of its own.
CHALLENGEABLE = (
    "first_seen", "last_seen", "placement", "longest_side_px", "credited", "user", "use_class", "medium",
    "uses", "languages", "altered",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recalculated:
    """The sheet with one fact changed, for the whole case."""

    fact: str
    before: FactShown
    after: FactShown
    facts: FeeFacts
    sheet: FeeSheet
    net: Money
    vat: Money
    #: What the calculation comes to, VAT included.
    total: Money
    #: What would be asked: never more than now.
    asked: Money

    @property
    def is_higher(self) -> bool:
        """Whether the calculation comes to more than what is asked now."""
        return self.total > self.asked


def why_not_recalculable(case: Case, offer: Offer) -> Said | None:
    """Only a sum that was calculated can be calculated anew."""
    if not offer.sheet or calculated_net(offer) * len(case.uses) != offer.net:
        return say(
            "A person set this sum, so no single input made it. Please object and say what is wrong with it."
        )
    return None


def calculated_net(offer: Offer) -> Money:
    """What the stored sheet of one use comes to."""
    return Money(sum(int(row["minor"]) for row in offer.sheet), offer.net.currency)


def inputs_of(offer: Offer) -> list[FactShown]:
    """The facts that can be doubted, as people read them."""
    shown = {each.name: each for each in facts_shown(from_stored(offer.facts), FACT_WORDS)}
    return [shown[name] for name in CHALLENGEABLE]


def recalculated(session: Session, case: Case, offer: Offer, fact: str, claimed: Any) -> Recalculated:
    """The sheet by the edition of the offer with ``fact`` as ``claimed``, or :class:`Refused`."""
    if fact not in CHALLENGEABLE:
        raise NotFound(say("This input"))
    if reason := why_not_recalculable(case, offer):
        raise Refused(reason)
    known = from_stored(offer.facts)
    facts = from_stored({**known.as_json(), fact: claimed})
    if facts == known:
        raise Refused(say("This is what the calculation already says."))
    facts = replace(facts, grades={**facts.grades, fact: Grade.STATED})
    sheet = again(facts.as_json(), offer.edition, tariffs_of(session))
    net = sheet.net * len(case.uses)
    if net.minor <= 0:
        raise Refused(
            say("With this nothing would be left to ask. Please object, so that a person looks at it.")
        )
    vat = net.share_bp(offer.vat_rate_bp)
    return Recalculated(
        fact=fact, before=_shown(known, fact), after=_shown(facts, fact), facts=facts, sheet=sheet,
        net=net, vat=vat, total=net + vat, asked=min(net + vat, offer.total),
    )  # fmt: skip


def _shown(facts: FeeFacts, fact: str) -> FactShown:
    return next(each for each in facts_shown(facts, (fact,)) if each.name == fact)
