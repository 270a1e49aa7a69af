"""The shape of what the inbox sends; what it means is decided elsewhere."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import TypeVar

from flask import request
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional

from detection.types import Certainty, MatchKind
from workflow.hits.queries import Order, View, Wanted
from workflow.hits.states import Likelihood, RuleKind, Verdict
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say
from workflow.web.forms import BaseForm

E = TypeVar("E", bound=StrEnum)

ATTEST_RIGHTS = say("I made this photograph, or I may act for the one who did.")
ATTEST_NO_LICENCE = say("I checked: neither I nor anybody for me allowed this use.")
NOTE_LENGTH = 2_000


class SubmitForm(BaseForm):
    """What stands beside the hits when a case is submitted."""

    rights = BooleanField(ATTEST_RIGHTS, [InputRequired(say("Please confirm this, or do not submit."))])
    no_licence = BooleanField(
        ATTEST_NO_LICENCE, [InputRequired(say("Please confirm this, or do not submit."))]
    )
    note = TextAreaField("Note for the operator")
    lowest_percent = IntegerField(
        "Lowest counter-offer you accept without being asked, in per cent",
        [Optional(), NumberRange(1, 100, say("Please give a number from 1 to {most}.", most=100))],
        default=100,
    )
    longest = {"note": NOTE_LENGTH}  # noqa: RUF012 - read only


class RuleForm(BaseForm):
    """A domain to leave alone."""

    domain = StringField("Domain", [DataRequired(say("Please name a domain."))])
    kind = SelectField(
        "Why",
        choices=[
            SelectChoice(RuleKind.WHITELISTED.value, say("A customer or partner uses it rightly")),
            SelectChoice(RuleKind.OWN.value, say("It is my own")),
        ],
    )
    reason = StringField("Note")
    back = HiddenField()


def chosen(kind: type[E], text: str | None) -> E | None:
    """The member named by ``text``; ``None`` when there is none."""
    return kind(text) if text in set(kind) else None


def wanted_from_address() -> Wanted:
    """The list an address asks for; what it does not understand it leaves out."""
    return Wanted(
        view=chosen(View, request.args.get("view")) or View.OPEN,
        domain=request.args.get("domain", "")[:255],
        kind=chosen(MatchKind, request.args.get("kind")),
        licence=chosen(Likelihood, request.args.get("licence")),
        certainty=chosen(Certainty, request.args.get("certainty")),
        verdict=chosen(Verdict, request.args.get("verdict")),
        work_id=key_or_none(request.args.get("work")),
        search=request.args.get("q", "")[:100],
        order=chosen(Order, request.args.get("order")) or Order.WORTH,
    )


def sent_verdict() -> Verdict:
    """The verdict that was pressed; a person cannot judge "duplicate" of a group by mistake."""
    verdict = chosen(Verdict, request.form.get("verdict"))
    if verdict is None:
        raise Refused(say("Please choose one of the verdicts."))
    return verdict


def sent_key(name: str) -> uuid.UUID:
    """A key the page sent along; a page without one is not ours."""
    key = key_or_none(request.form.get(name))
    if key is None:
        raise NotFound
    return key


def sent_keys(name: str, most: int = 1_000) -> list[uuid.UUID]:
    """The keys of the ticked boxes, in their order."""
    keys = [key_or_none(text) for text in request.values.getlist(name)[:most]]
    return [key for key in dict.fromkeys(keys) if key is not None]


def key_or_none(text: str | None) -> uuid.UUID | None:
    """A key as it stands in an address or a form."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
