"""Text from strangers: cleaned, measured, or refused with a sentence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField, PasswordField, SelectMultipleField, StringField, TextAreaField

from workflow.kernel.errors import Refused
from workflow.kernel.money import Money
from workflow.web.forms import BaseForm, clean, flaw_of, load_or_422, refuse
from workflow.web.rendering import date_text, datetime_text, filesize_text, money_text

if TYPE_CHECKING:
    from tests.web.conftest import MakeSite


class Sample(BaseForm):
    """One field of each kind."""

    longest: ClassVar[dict[str, int]] = {"code": 5}

    name = StringField("Name")
    code = StringField("Code")
    text = TextAreaField("Text")
    secret = PasswordField("Secret")
    age = IntegerField("Age")
    kinds = SelectMultipleField("Kinds", choices=["a", "b"])


ANSWERS = {"name": "Ada", "code": "1", "text": "x", "secret": "y", "age": "3"}


def filled(make_site: MakeSite, **changes: object) -> tuple[Sample, list[str]]:
    data = MultiDict({**ANSWERS, **changes})
    with make_site().test_request_context(method="POST", data=data):
        form = Sample(meta={"csrf": False})
        form.validate_on_submit()
        return form, list(form.sentences())


def test_text_is_trimmed_composed_and_freed_of_direction_marks(make_site: MakeSite) -> None:
    form, errors = filled(make_site, name="  Mu\u0308\u202eller\u200f ", text="a\r\nb\rc\u2028d")
    assert errors == []
    assert form.name.data == "Müller"
    assert form.text.data == "a\nb\nc\nd"


def test_passwords_stay_as_typed(make_site: MakeSite) -> None:
    assert filled(make_site, secret="  u\u0308 ")[0].secret.data == "  u\u0308 "
    assert filled(make_site, secret="a\x00b")[1] == [
        "Secret: This contains signs that cannot be stored. Please type it again."
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "a\x00b"}, "Name: This contains signs that cannot be stored."),
        ({"name": "a\ufffdb"}, "Name: This contains signs that cannot be stored."),
        ({"name": "a\nb"}, "Name: Please write this on one line."),
        ({"name": "a" * 201}, "Name: This is too long: 201 signs, at most 200 fit."),
        ({"code": "123456"}, "Code: This is too long: 6 signs, at most 5 fit."),
        ({"text": "a" * 20_001}, "Text: This is too long: 20,001 signs, at most 20,000 fit."),
        ({"name": "e" + "\u0301\u0302" * 5}, "Name: This contains signs that cannot be read."),
        ({"age": "1.5"}, "Age: Not a valid integer value."),
    ],
)
def test_what_cannot_be_taken_is_told(make_site: MakeSite, changes: dict[str, object], sentence: str) -> None:
    _, errors = filled(make_site, **changes)
    assert len(errors) == 1
    assert errors[0].startswith(sentence)


def test_fields_come_once_but_for_those_with_several_answers(make_site: MakeSite) -> None:
    assert filled(make_site, name=["a", "b"])[1] == ["Name: This was sent more than once."]
    form, errors = filled(make_site, kinds=["a", "b"])
    assert (form.kinds.data, errors) == (["a", "b"], [])


def test_small_forms_refuse_with_every_sentence(make_site: MakeSite) -> None:
    data = {**ANSWERS, "name": "a\nb", "code": "123456"}
    with make_site().test_request_context(method="POST", data=data):
        form = Sample(meta={"csrf": False})
        with pytest.raises(Refused) as refusal:
            load_or_422(form)
    assert len(refusal.value.reasons) == 2
    refuse(form, Refused("The shop is closed."))
    assert list(form.sentences())[-1] == "The shop is closed."


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    if once is not None and flaw_of(once, lines=False, longest=300) is None:
        assert "\n" not in once
        assert "\x00" not in once


def test_filters(make_site: MakeSite) -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with make_site().test_request_context():
        assert date_text(late) == "23 Nov 2026", "Berlin is an hour ahead"
        assert date_text(date(2026, 11, 2)) == "2 Nov 2026"
        assert datetime_text(late) == "23 Nov 2026, 00:30 CET"
        assert date_text(None) == datetime_text(None) == money_text(None) == "–"
    assert money_text(Money(123_450)) == "1.234,50\u00a0€"
    sizes = [filesize_text(n) for n in (0, 1, 999, 1_000, 3_400_000, 5_000_000_000)]
    assert sizes == ["0 bytes", "1 byte", "999 bytes", "1 kB", "3.4 MB", "5.0 GB"]
