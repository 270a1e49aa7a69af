"""What a letter must say, by kind, place and sender: a table, read against the finished text of every letter.

Templates mark what they say (``data-content="gdpr_source"``). A letter in which a mark is missing, or holds
nothing, is not printed; what is known to be missing is told before the offer is released.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from lxml import html

from workflow.accounts.models import Account, OperatorProfile
from workflow.accounts.states import LegalBasis
from workflow.cases.models import Case, Offer
from workflow.cases.states import LetterKind, UseClass
from workflow.kernel.db import Session
from workflow.kernel.said import Said, say

DATA = Path(__file__).parent / "data" / "letter_contents.yaml"
#: What a template writes for a value that is not there.
NOTHING = frozenset({"", "None", "–"})
#: Marks whose text comes from rows that can be empty, so that it can be asked before anything is printed.
FROM_ROWS = ("gdpr_source", "client_address", "authority")


@dataclass(frozen=True, slots=True)
class Content:
    """One thing a letter must say."""

    id: str
    kinds: tuple[str, ...]
    countries: tuple[str, ...]
    bases: tuple[str, ...]
    private: bool
    says: str
    source: str
    effective_from: date
    verified: bool


@dataclass(frozen=True, slots=True)
class Addressed:
    """Which letter goes from whom to whom."""

    kind: LetterKind
    country: str
    basis: LegalBasis
    #: The recipient is a private person, as far as is known.
    private: bool
    on: date


def required(letter: Addressed) -> list[Content]:
    """What this letter must say."""
    return [
        each for each in contents()
        if letter.kind.value in each.kinds
        and each.effective_from <= letter.on
        and (not each.countries or letter.country in each.countries)
        and (not each.bases or letter.basis.value in each.bases)
        and (letter.private or not each.private)
    ]  # fmt: skip


def lacking(text: str, letter: Addressed) -> list[Said]:
    """What the finished HTML of the letter does not say in each of its languages, each as a sentence."""
    tree = html.document_fromstring(text)
    editions = [node for node in tree.iter() if node.get("data-edition")] or [tree]
    return list(dict.fromkeys(sentence for each in editions for sentence in _sentences(letter, _said(each))))


def _said(edition: html.HtmlElement) -> set[str]:
    """The marks of one edition that hold something."""
    said: set[str] = set()
    for node in edition.iter():
        marks = node.get("data-content")
        if marks and " ".join(str(node.xpath("string()")).split()) not in NOTHING:
            said |= set(marks.split())
    return said


def lacking_before(session: Session, case: Case, profile: OperatorProfile, letter: Addressed) -> list[Said]:
    """What the letter could not say, as far as rows tell: asked before an offer is released."""
    owner = session.get_one(Account, case.owner_id)
    known = {
        "gdpr_source": case.recipient_source, "client_address": owner.address,
        "authority": profile.authority,
    }  # fmt: skip
    others = {each.id for each in contents()} - set(FROM_ROWS)
    return _sentences(letter, others | {name for name, value in known.items() if value.strip()})


def addressed(
    case: Case, profile: OperatorProfile, kind: LetterKind, offer: Offer | None, on: date
) -> Addressed:
    """The letter of this kind about the case."""
    facts = offer.facts if offer is not None else {}
    private = facts.get("user") == "private" or facts.get("use_class") == UseClass.PRIVATE.value
    return Addressed(kind, case.recipient_country, profile.legal_basis, private, on)


def _sentences(letter: Addressed, said: Collection[str]) -> list[Said]:
    return [
        say("The letter does not say {what} ({source}).", what=say(each.says), source=each.source)
        for each in required(letter)
        if each.id not in said
    ]


@cache
def contents() -> tuple[Content, ...]:
    """Every row of the table."""
    rows: list[dict[str, Any]] = yaml.safe_load(DATA.read_text(encoding="utf-8"))["contents"]
    return tuple(
        Content(
            row["id"], tuple(row["kinds"]), tuple(row.get("countries", ())), tuple(row.get("bases", ())),
            bool(row.get("private")), row["says"], row["source"], row["effective_from"], row["verified"],
        )
        for row in rows
    )  # fmt: skip
