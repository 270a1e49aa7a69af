"""The shape of what operators and rights-holders send about a case."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from babel import Locale
from wtforms import (
    EmailField,
    HiddenField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Optional

from workflow.cases.cadence import countries
from workflow.cases.models import Case
from workflow.cases.post.channels import CHOICE_WORDS
from workflow.cases.services.offering import RecipientFacts
from workflow.cases.states import (
    CLOSED_WORDS,
    HOLD_WORDS,
    REJECT_WORDS,
    CaseTrigger,
    ChannelChoice,
    ClosedReason,
    HoldKind,
    RejectReason,
)
from workflow.kernel.errors import NotFound, Refused
from workflow.kernel.said import say
from workflow.web.forms import BaseForm
from workflow.web.languages import LANGUAGES, language

Choice = tuple[str, str]

#: What an operator can close a case with; "paid" is the work of the date.
CLOSE_CHOICES: list[Choice] = [
    (reason.value, words) for reason, words in CLOSED_WORDS.items() if reason is not ClosedReason.PAID
]
REJECT_CHOICES: list[Choice] = [(reason.value, words) for reason, words in REJECT_WORDS.items()]
#: What an operator can stop our clocks for; a payment on its way is noted by the payment itself.
HOLD_CHOICES: list[Choice] = [
    (kind.value, words) for kind, words in HOLD_WORDS.items() if kind is not HoldKind.PAYMENT_PENDING
]


def offered(choices: list[Choice]) -> list[SelectChoice]:
    """The choices as a select takes them."""
    return [SelectChoice(value, label) for value, label in choices]


def country_choices() -> list[SelectChoice]:
    """The countries a letter can be sent to, by their English names."""
    names = Locale(language()).territories
    known = sorted(((code, str(names[code])) for code in countries()), key=lambda choice: choice[1])
    return offered([("", say("Choose a country")), *known])


def letter_languages() -> list[SelectChoice]:
    """What letters can be written in, each by its own name."""
    return offered([("", say("As the country asks")), *LANGUAGES.items()])


class RecipientForm(BaseForm):
    """Who is written to, and from where that is known."""

    longest: ClassVar[dict[str, int]] = {"address": 1000, "region": 6, "source": 300}

    name = StringField("Name", [DataRequired(say("A letter needs somebody it is for."))])
    email = EmailField("E-mail", [Optional()])
    address = TextAreaField("Postal address", [Optional()])
    channel = SelectField(
        "Letters go", choices=[SelectChoice(each.value, words) for each, words in CHOICE_WORDS.items()]
    )
    country = SelectField("Country", [DataRequired(say("Please choose a country."))], choices=country_choices)
    region = StringField("Region", [Optional()])
    source = StringField("Known from", [DataRequired(say("Please say where this is known from."))])
    language = SelectField("Language of letters", choices=letter_languages, default="")
    version = HiddenField()

    @classmethod
    def of(cls, case: Case) -> RecipientForm:
        """The form as it opens: what was found on the page, or noted before."""
        return cls(
            formdata=None,
            data={
                "name": case.recipient_name,
                "email": case.recipient_email,
                "address": case.recipient_address,
                "country": case.recipient_country,
                "region": case.recipient_region,
                "source": case.recipient_source,
                "channel": case.channel.value,
                "language": case.letter_language,
                "version": str(case.version),
            },
        )

    def facts(self) -> RecipientFacts:
        """What was typed."""
        return RecipientFacts(
            name=self.name.data or "",
            email=self.email.data or "",
            address=self.address.data or "",
            country=self.country.data or "",
            region=(self.region.data or "").upper(),
            source=self.source.data or "",
            channel=ChannelChoice(self.channel.data),
            language=self.language.data or "",
        )


class ActForm(BaseForm):
    """One step of the life cycle; what a step carries stands in fields of its own."""

    longest: ClassVar[dict[str, int]] = {"trigger": 40, "reason": 40, "kind": 40, "hold_id": 40}

    trigger = StringField("Step", [DataRequired(say("Please choose a step."))])
    reason = StringField("Reason")
    kind = StringField("Kind")
    hold_id = StringField("Hold")
    note = TextAreaField("Note")
    version = HiddenField()

    def carried(self) -> dict[str, Any]:
        """What this step brings along; :class:`NotFound` for steps that have a page of their own."""
        read = CARRIED.get(str(self.trigger.data))
        if read is None:
            raise NotFound(say("This step"))
        return read(self)


class AnswerForm(BaseForm):
    """Words to the recipient. ``seen`` is the newest message the page showed."""

    about = SelectField("About", choices=offered(HOLD_CHOICES))
    text = TextAreaField("Your answer", [DataRequired(say("Please write something."))])
    seen = HiddenField()
    #: The code of the ready-made text it began with.
    reply = HiddenField()


class NoteForm(BaseForm):
    """A sentence with the version the page showed."""

    note = TextAreaField("Note", [DataRequired(say("Please say why, in a sentence."))])
    version = HiddenField()


class PressForm(BaseForm):
    """A button and nothing else."""


def _nothing(_form: ActForm) -> dict[str, Any]:
    return {}


def _rejected(form: ActForm) -> dict[str, Any]:
    return {"reason": _chosen(form.reason.data, REJECT_CHOICES, RejectReason)}


def _closed(form: ActForm) -> dict[str, Any]:
    return {"reason": _chosen(form.reason.data, CLOSE_CHOICES, ClosedReason)}


def _held(form: ActForm) -> dict[str, Any]:
    if not (form.note.data or "").strip():
        raise Refused(say("Please say why our clocks should stand still."))
    return {"kind": _chosen(form.kind.data, HOLD_CHOICES, HoldKind)}


def _resumed(form: ActForm) -> dict[str, Any]:
    try:
        return {"hold_id": uuid.UUID(str(form.hold_id.data))}
    except ValueError:
        raise NotFound(say("This hold")) from None


#: Every step an operator or a rights-holder can take from a case's page, and how to read what it brings.
CARRIED: dict[str, Callable[[ActForm], dict[str, Any]]] = {
    **dict.fromkeys(
        (
            CaseTrigger.ASK_OWNER, CaseTrigger.COMPLETE, CaseTrigger.OFFER, CaseTrigger.REVIEW_LEGALLY,
            CaseTrigger.HAND_OVER, CaseTrigger.AGREE, CaseTrigger.AGREE_INSTALMENTS, CaseTrigger.SETTLE,
            CaseTrigger.WITHDRAW,
        ),
        _nothing,
    ),
    CaseTrigger.REJECT: _rejected,
    CaseTrigger.CLOSE: _closed,
    CaseTrigger.HOLD: _held,
    CaseTrigger.RESUME: _resumed,
}  # fmt: skip


def _chosen(value: Any, choices: list[Choice], kind: type[Any]) -> Any:
    if value not in {word for word, _label in choices}:
        raise Refused(say("Please choose a reason from the list."))
    return kind(value)
