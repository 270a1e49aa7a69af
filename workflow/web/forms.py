"""Forms that know the shape of input: what is text, how long, and what can never be stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from flask import render_template, request
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import Field, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import FieldList, PasswordField
from wtforms.validators import StopValidation

from workflow.kernel.errors import Refused
from workflow.kernel.said import say
from workflow.web.form_texts import FormTexts, with_said_words
from workflow.web.languages import language

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE_LENGTH = 200
TEXT_LENGTH = 20_000
#: More marks than this on one sign is not writing but an attack on the reader's screen.
MARKS_IN_A_ROW = 4

#: Control signs that no keyboard types into a form; tab and line ends are text.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
#: Signs that turn the direction of the text after them: a name could read as another.
TURNERS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")


def clean(text: str | None) -> str | None:
    """Trimmed, in composed form (NFC), with plain line ends and without direction marks."""
    if text is None:
        return None
    return unicodedata.normalize("NFC", LINE_ENDS.sub("\n", TURNERS.sub("", text))).strip()


def flaw_of(text: str, *, lines: bool, longest: int) -> str | None:
    """Why this text cannot be taken, as a sentence, or ``None``."""
    if CONTROLS.search(text) or "\ufffd" in text:
        return say("This contains signs that cannot be stored. Please type it again.")
    if not lines and ("\n" in text or "\t" in text):
        return say("Please write this on one line.")
    if len(text) > longest:
        return say(
            "This is too long: {signs} signs, at most {most} fit.",
            signs=f"{len(text):,}",
            most=f"{longest:,}",
        )
    marks = 0
    for sign in text:
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks > MARKS_IN_A_ROW:
            return say("This contains signs that cannot be read. Please type it again.")
    return None


def takeable(form: Any, field: Field) -> None:
    """Checked before every other rule of a text field; the first flaw ends the checking."""
    data = field.data
    if not isinstance(data, str) or not data:
        return
    lines = isinstance(field, TextAreaField)
    longest = form.longest.get(field.name, TEXT_LENGTH if lines else LINE_LENGTH)
    flaw = flaw_of(data, lines=lines, longest=longest)
    if flaw:
        raise StopValidation(flaw)


class BaseForm(FlaskForm):  # type: ignore[misc]
    """The base of every form: cleans text, refuses the unstorable, takes each field once.

    ``longest`` names fields with another length than 200 signs (lines) or 20,000 (texts).
    """

    longest: ClassVar[Mapping[str, int]] = {}

    class Meta:
        """How fields are built."""

        def bind_field(self, form: Any, unbound: Any, options: dict[str, Any]) -> Any:
            """Text fields are cleaned and checked before anything else; passwords only checked."""
            field = unbound.bind(form=form, **options)
            if isinstance(field, StringField):
                field.validators = [takeable, *field.validators]
                if not isinstance(field, PasswordField):
                    field.filters = [clean, *field.filters]
            return with_said_words(field)

        def get_translations(self, form: Any) -> FormTexts:  # noqa: ARG002 - WTForms' signature
            """What WTForms itself says, in the reader's language."""
            return FormTexts(language())

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """True when every field fits; errors are sentences beside the fields."""
        fits = super().validate(extra_validators=extra_validators)
        return self._each_once() and bool(fits)

    def _each_once(self) -> bool:
        once = True
        several = (SelectMultipleField, MultipleFileField, FieldList)
        for name, field in self._fields.items():
            if not isinstance(field, several) and len(request.form.getlist(name)) > 1:
                field.errors = [*field.errors, say("This was sent more than once.")]
                once = False
        return once

    def sentences(self) -> Iterator[str]:
        """Every error with its field's label, for pages that have no room beside the field."""
        for name, errors in self.errors.items():
            field = self._fields.get(name) if name else None
            for error in errors:
                yield (
                    say("{field}: {fault}", field=field.label.text, fault=say(error))
                    if field is not None
                    else say(error)
                )


def form_page(template: str, form: BaseForm, **context: Any) -> tuple[str, int]:
    """The page of ``form``: 200 when it is opened, 422 when what was sent does not fit."""
    return render_template(template, form=form, **context), 422 if form.errors else 200


def load_or_422(form: BaseForm) -> None:
    """For buttons and small forms without a page of their own: fits, or :class:`Refused`."""
    if not form.validate_on_submit():
        raise Refused(*(tuple(form.sentences()) or (say("The form was empty."),)))


def refuse(form: BaseForm, refusal: Refused) -> None:
    """Show a service's reasons above the form, which keeps what was typed."""
    form.form_errors = [*form.form_errors, *refusal.reasons]
