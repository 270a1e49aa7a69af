"""Sentences that can be said in another language later."""

from __future__ import annotations

import json
import pickle
from datetime import date

import pytest

from workflow.kernel.errors import NotFound, Refused, Stale
from workflow.kernel.money import Money
from workflow.kernel.said import Said, say, say_many


def test_a_sentence_is_its_english_text_and_knows_its_parts() -> None:
    said = say("Pay {sum} by {day}.", sum=Money(123450), day=date(2026, 11, 22))
    assert said == "Pay 1.234,50\u00a0€ by 22\u00a0Nov\u00a02026."
    assert said.msgid == "Pay {sum} by {day}." and said.values["sum"] == Money(123450)


def test_it_travels_as_plain_text_and_as_itself() -> None:
    said = say_many("{count} hit", "{count} hits", 3)
    assert json.loads(json.dumps([said])) == ["3 hits"]
    again = pickle.loads(pickle.dumps(said))  # noqa: S301 - our own bytes
    assert isinstance(again, Said) and (again, again.msgid, again.number) == ("3 hits", "{count} hit", 3)
    assert say_many("{count} hit", "{count} hits", 1) == "1 hit"


def test_it_cannot_be_changed() -> None:
    said = say("Paid")
    with pytest.raises(AttributeError):
        said.msgid = "Lost"
    assert say(said) is said


def test_braces_in_values_and_in_plain_texts_are_only_text() -> None:
    assert say("{name} was added.", name="{evil}") == "{evil} was added."
    assert say("Use {braces}") == "Use {braces}"


def test_refusals_carry_what_was_said() -> None:
    assert isinstance(Refused(say("No.")).reasons[0], Said)
    assert isinstance(Stale().args[0], Said)
    assert NotFound("This case").args[0].msgid == "{what} does not exist."
