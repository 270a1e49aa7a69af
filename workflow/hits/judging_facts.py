"""From facts to the two guesses the owner sees first: is it licensed, and what would it have cost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from workflow.cases.pricing import FeeFacts, FeeSheet, Grade, Placement, Tariff, estimate
from workflow.cases.states import UseClass
from workflow.hits.imprint import OperatorFacts
from workflow.hits.page_facts import PageFacts
from workflow.hits.states import Likelihood
from workflow.kernel.errors import Refused
from workflow.kernel.hosts import host_of
from workflow.kernel.said import say

_AGENCIES = re.compile(
    r"\b(getty|shutterstock|istock|adobe ?stock|alamy|dpa|afp|reuters|picture alliance|imago|mauritius|"
    r"depositphotos|dreamstime|unsplash|pixabay|pexels|flickr|wikimedia)\b",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"\b(gmbh|ug|ag|kg|ohg|e\.? ?k|ltd|limited|llc|inc|s\.?a\.?r\.?l|s\.?r\.?l|b\.?v|sp\. z o\.? ?o)\b",
    re.IGNORECASE,
)
_LEAST_NAME = 4
#: Facts that the program read from the page and its picture, not guessed.
READ = ("placement", "longest_side_px", "first_seen", "last_seen", "credited")


@dataclass(frozen=True, slots=True)
class Licensed:
    """How likely a licence is, and why."""

    likelihood: Likelihood
    reasons: tuple[str, ...]
    #: The text beside the picture names the owner or the author.
    credited: bool


def licence_likelihood(credit: str, names: Sequence[str], page: PageFacts) -> Licensed:
    """What speaks for a licence: the owner's name or an agency beside the picture, licence links."""
    reasons = []
    plain = credit.casefold()
    named = next((name for name in names if len(name) >= _LEAST_NAME and name.casefold() in plain), None)
    if named:
        reasons.append(say("The text beside the picture names {named}.", named=named))
    agency = _AGENCIES.search(credit)
    if agency:
        reasons.append(
            say("The text beside the picture names a source of licences: {group}.", group=agency.group(0))
        )
    if page.licence_links:
        leads_to = host_of(page.licence_links[0])
        reasons.append(
            say("The page carries a licence link to {what}.", what=leads_to or "a page of its own")
        )
    likelihood = (Likelihood.LOW, Likelihood.MEDIUM, Likelihood.HIGH)[min(len(reasons), 2)]
    if not reasons:
        reasons.append(say("No credit to you, no agency and no licence link on the page."))
    return Licensed(likelihood, tuple(reasons), credited=named is not None)


@dataclass(frozen=True, slots=True)
class Guessed:
    """The facts a fee depends on as guessed from the page, and where each guess comes from."""

    facts: FeeFacts
    reasons: tuple[str, ...]

    def sheet(self, on: date, tariffs: Sequence[Tariff]) -> FeeSheet | None:
        """The fee by the tariff of that day; ``None`` when it knows no price."""
        try:
            return estimate(self.facts, on, tariffs)
        except Refused:
            return None


def fee_facts(
    page: PageFacts,
    operator: OperatorFacts,
    *,
    longest_side: int,
    first_seen: date,
    last_seen: date,
    credited: bool,
) -> Guessed:
    """Commercial if goods are sold or a company operates the page, editorial for press, else private."""
    reasons = []
    medium, grade = "website", Grade.OBSERVED
    if page.is_shop:
        use_class, medium = UseClass.COMMERCIAL, "online_shop"
        reasons.append(say("Commercial: the page sells something."))
    elif page.is_press:
        use_class = UseClass.EDITORIAL
        reasons.append(say("Editorial: the page says it is a news article."))
    elif _COMPANY.search(operator.name):
        use_class = UseClass.COMMERCIAL
        reasons.append(say("Commercial: a company operates the page ({name}).", name=operator.name))
    else:
        use_class, grade = UseClass.PRIVATE, Grade.ASSUMED
        reasons.append(say("Private: neither a shop nor a company was recognised."))
    if page.is_home:
        reasons.append(say("The picture is on the home page."))
    if not credited:
        reasons.append(say("You are not named beside the picture."))
    facts = FeeFacts(
        use_class=use_class,
        medium=medium,
        placement=Placement.HOME_PAGE if page.is_home else Placement.SUB_PAGE,
        longest_side_px=longest_side,
        first_seen=min(first_seen, last_seen),
        last_seen=last_seen,
        credited=credited,
        grades={"use_class": grade, "medium": grade} | dict.fromkeys(READ, Grade.OBSERVED),
    )
    return Guessed(facts, tuple(reasons))
