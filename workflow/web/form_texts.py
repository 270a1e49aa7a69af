"""The words of forms in the reader's language: labels, options, and what WTForms itself complains of."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from wtforms.i18n import DummyTranslations, get_builtin_gnu_translations
from wtforms.widgets import Select

from workflow.kernel.said import Said, say, say_many
from workflow.web import catalogue
from workflow.web.i18n import translate
from workflow.web.languages import ENGLISH

if TYPE_CHECKING:
    from gettext import NullTranslations


class SaidSelect(Select):  # type: ignore[misc]
    """A select writes its options without a template: what was said is told in the reader's language here."""

    @classmethod
    def render_option(cls, choice: Any, **kwargs: Any) -> Any:
        """One ``<option>``; names that are data stay as they are."""
        if isinstance(choice.label, Said):
            choice = choice._replace(label=translate(choice.label))
        return super().render_option(choice, **kwargs)


def with_said_words(field: Any) -> Any:
    """The bound field, its label and description as sentences that can be translated."""
    field.label.text = say(field.label.text)
    if field.description:
        field.description = say(field.description)
    if type(field.widget) is Select:
        field.widget = SaidSelect(multiple=field.widget.multiple)
    return field


#: What WTForms has no German for.
NOT_SHIPPED = say_many(
    "'%(value)s' is not a valid choice for this field.",
    "'%(value)s' are not valid choices for this field.",
    1,
)


#: What we say instead: a person who chose nothing did not choose wrongly.
INSTEAD = {"Not a valid choice.": say("Please choose one of those offered.")}


class FormTexts:
    """WTForms' own sentences: its shipped translation, ours where it has none, or its English."""

    def __init__(self, language: str) -> None:
        self._ours = catalogue.texts(language)
        self._shipped = DummyTranslations() if language == ENGLISH else _shipped(language)

    def gettext(self, text: str) -> str:
        """The sentence."""
        if text in INSTEAD:
            return translate(INSTEAD[text])
        found: str = self._shipped.gettext(text)
        return found

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The sentence for this number."""
        found: str = self._shipped.ngettext(one, many, count)
        ours = self._ours.counted(one, count) if self._ours and found in (one, many) else None
        return ours or found


@cache
def _shipped(language: str) -> NullTranslations:
    found: NullTranslations = get_builtin_gnu_translations([language])
    return found
