"""The shape of what a recipient says about one input: its value, then her words and files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from flask_wtf.file import MultipleFileField
from wtforms import DateField, Field, IntegerField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange

from workflow.cases.bargaining.recalculating import CHALLENGEABLE
from workflow.cases.pricing.facts import (
    CLASS_WORDS,
    LARGEST_PX,
    MEDIA_WORDS,
    MOST_USES,
    PLACEMENT_WORDS,
    USER_WORDS,
)
from workflow.cases.pricing.known import FACT_WORDS
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say
from workflow.portal.forms import TEXT_LENGTH
from workflow.web.forms import BaseForm

MOST_LANGUAGES = 100
_needed = InputRequired(say("This is needed."))
_YES_NO = {"yes": say("Yes"), "no": say("No")}
_LISTS: dict[str, Mapping[Any, str]] = {
    "placement": PLACEMENT_WORDS, "user": USER_WORDS, "use_class": CLASS_WORDS, "medium": MEDIA_WORDS,
    "credited": _YES_NO, "altered": _YES_NO,
}  # fmt: skip
_MOST = {"longest_side_px": LARGEST_PX, "uses": MOST_USES, "languages": MOST_LANGUAGES}


class ValueForm(BaseForm):
    """What the input is instead; sent by GET, because looking at a sum changes nothing."""

    class Meta(BaseForm.Meta):
        """A GET carries no token."""

        csrf = False

    value: Any

    def claimed(self) -> Any:
        """The value as the facts of a fee hold it in JSON."""
        data = self.value.data
        if isinstance(data, date):
            return data.isoformat()
        return data == "yes" if data in _YES_NO else data


class DoubtForm(ValueForm):
    """The value again, now to be sent, with what shows it."""

    class Meta(BaseForm.Meta):
        """A POST carries its token."""

        csrf = True

    longest: ClassVar[Mapping[str, int]] = {"text": TEXT_LENGTH}

    text = TextAreaField("What shows it")
    files = MultipleFileField("Files that show it")

    def file_data(self) -> list[Any]:
        """The files that were really sent."""
        return [one for one in (self.files.data or []) if getattr(one, "filename", "")]

    def validate_text(self, _field: Any) -> None:
        """A sentence or a file: something a person can look at."""
        if not self.text.data and not self.file_data():
            self.text.errors = [
                *self.text.errors,
                say("Please write a sentence or add a file: a person looks at it."),
            ]


def _field_of(fact: str) -> Field:
    label = "What is right instead"
    if fact in _LISTS:
        choices = [SelectChoice(str(value), words) for value, words in _LISTS[fact].items()]
        return SelectField(label, [_needed], choices=choices)
    if fact in _MOST:
        most = _MOST[fact]
        fault = say("Please give a number from 1 to {most}.", most=most)
        return IntegerField(label, [_needed, NumberRange(1, most, fault)])
    return DateField(label, [_needed])


def _with_value(base: type[ValueForm], fact: str) -> type[Any]:
    return type(f"{base.__name__}Of{fact.title().replace('_', '')}", (base,), {"value": _field_of(fact)})


#: A form for each input, to look with and to send.
LOOKING: dict[str, type[ValueForm]] = {fact: _with_value(ValueForm, fact) for fact in CHALLENGEABLE}
SENDING: dict[str, type[DoubtForm]] = {fact: _with_value(DoubtForm, fact) for fact in CHALLENGEABLE}
#: How each input is asked for.
HELP: dict[str, str] = {
    "first_seen": say(
        "The day from which the picture was on the page. An e-mail to your web designer or an entry of your "
        "system can show it."
    ),
    "last_seen": say("The last day on which the picture was on the page."),
    "placement": say("Where on the page the picture stands."),
    "longest_side_px": say("The longer side at which the page shows it, in pixels of the screen."),
    "credited": say(
        "Whether the photographer was named beside the picture, or in the imprint with a link to it."
    ),
    "user": say("Who runs the page. A trade licence or the register can show it."),
    "use_class": say("What the page is for."),
    "medium": say("What kind of place the picture is on."),
    "uses": say("On how many pages, channels or auctions the picture stands."),
    "languages": say("In how many languages the page is."),
    "altered": say("Whether the picture was changed beyond its size."),
}  # fmt: skip
LABELS = {fact: FACT_WORDS[fact] for fact in CHALLENGEABLE}


class CounterForm(BaseForm):
    """A sum of one's own."""

    longest: ClassVar[Mapping[str, int]] = {"text": TEXT_LENGTH, "total": 20}

    total = StringField("The sum you offer, VAT included", [_needed])
    text = TextAreaField("Why")

    def named(self, currency: Currency) -> Money:
        """The sum; :class:`Refused` when it cannot be read."""
        return Money.parse(str(self.total.data), currency)


class TakeForm(BaseForm):
    """One button: take the sum that was named."""
