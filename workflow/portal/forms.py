"""The shape of what a recipient types and uploads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask_wtf.file import MultipleFileField
from wtforms import RadioField, SelectChoice, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from workflow.cases.states import HoldKind
from workflow.kernel.said import say
from workflow.portal import wording
from workflow.web.forms import BaseForm

#: With the lines we add in front it stays below what a message may hold.
TEXT_LENGTH = 9_000
_needed = DataRequired(say("This is needed."))


def _choices(words: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in words.items()]


class EnterForm(BaseForm):
    """The two things that stand in the letter."""

    longest: ClassVar[Mapping[str, int]] = {"reference": 40, "code": 80}

    reference = StringField("Case reference", [_needed])
    code = StringField("Secret code", [_needed])


class VerifyForm(BaseForm):
    """The public half of the letter's two."""

    longest: ClassVar[Mapping[str, int]] = {"reference": 40}

    reference = StringField("Case reference", [_needed])


class AnswerForm(BaseForm):
    """What every answer has: a text, and perhaps files."""

    longest: ClassVar[Mapping[str, int]] = {"text": TEXT_LENGTH}
    text: Any

    def about(self) -> HoldKind:
        """What the answer is: it names the hold."""
        raise NotImplementedError

    def composed(self) -> str:
        """The whole message: what was chosen, then what was typed."""
        lines = [line for line in self.chosen() if line]
        typed = self.text.data or ""
        return "\n\n".join(part for part in ("\n".join(lines), typed) if part)

    def chosen(self) -> list[str]:
        """What was chosen, each as a line."""
        return []

    def file_data(self) -> list[Any]:
        """The files that were really sent."""
        found = getattr(self, "files", None)
        return [one for one in (found.data or []) if getattr(one, "filename", "")] if found else []

    def _something(self) -> bool:
        return bool(self.text.data or self.file_data())


class LicenceForm(AnswerForm):
    """Where the licence comes from, and what shows it."""

    longest: ClassVar[Mapping[str, int]] = {"text": TEXT_LENGTH, "number": 120}

    source = SelectField(
        "Where is it from?", [_needed], choices=_choices({"": say("Please choose"), **wording.SOURCES})
    )
    number = StringField("Licence, order or invoice number")
    text = TextAreaField("What we should know")
    files = MultipleFileField("Files that show it")

    def about(self) -> HoldKind:
        """A licence."""
        return HoldKind.LICENCE_SHOWN

    def chosen(self) -> list[str]:
        """Source and number."""
        number = say("Number: {data}", data=self.number.data) if self.number.data else ""
        return [say("Licence from: {sources}", sources=wording.SOURCES[self.source.data]), number]

    def validate_text(self, _field: Any) -> None:
        """A number, a sentence or a file: something we can look up."""
        if not self.number.data and not self._something():
            raise ValidationError(
                say("Please give a number, a sentence or a file: something we can look up.")
            )


class ObjectForm(AnswerForm):
    """Why the claim is wrong."""

    reasons = SelectMultipleField(
        "What is wrong?",
        choices=_choices(wording.REASONS),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    text = TextAreaField("What we should know")
    files = MultipleFileField("Files that show it")

    def about(self) -> HoldKind:
        """An objection."""
        return HoldKind.OBJECTION

    def chosen(self) -> list[str]:
        """The reasons, one a line."""
        return [
            say("Objection: {reasons}", reasons=wording.REASONS[reason]) for reason in self.reasons.data or []
        ]

    def validate_text(self, _field: Any) -> None:
        """A reason, a sentence or a file."""
        if not self.reasons.data and not self._something():
            raise ValidationError(say("Please choose a reason or write a sentence."))


class MoreTimeForm(BaseForm):
    """One button: more time, once, for the asking."""


class AskForm(AnswerForm):
    """A question, more time, or a request about one's data."""

    topic = RadioField("What is it about?", choices=_choices(wording.TOPICS), default="question")
    text = TextAreaField("Your message")
    files = MultipleFileField("Files")

    def about(self) -> HoldKind:
        """A request about data has statutory dates of its own."""
        return HoldKind.DATA_PROTECTION if self.topic.data == "data" else HoldKind.QUESTION

    def chosen(self) -> list[str]:
        """The topic, unless it is a plain question."""
        return [] if self.topic.data == "question" else [wording.TOPICS[self.topic.data]]

    def validate_text(self, _field: Any) -> None:
        """More time needs no reason; a question needs words."""
        if self.topic.data == "question" and not self._something():
            raise ValidationError(say("Please write your question."))
