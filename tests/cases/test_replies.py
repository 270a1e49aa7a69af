"""Ready-made texts: in the language of the case, editable, their code kept, and never sent by themselves."""

from __future__ import annotations

import io

import pytest
from lxml import html

from tests.contracts.test_german_pages import english, words_of
from tests.world import World, picture, words
from workflow.cases.letter_languages import table
from workflow.cases.models import Message
from workflow.cases.replies import replies
from workflow.cases.states import Direction


def test_every_text_is_there_in_every_language_of_letters() -> None:
    codes = [reply.code for reply in replies()]
    assert len(codes) == len(set(codes)) > 5
    for reply in replies():
        assert set(reply.texts) == set(table()["languages"]), reply.code
        assert len({" ".join(text.split()) for text in reply.texts.values()}) == len(reply.texts)


@pytest.mark.parametrize("reply", replies(), ids=lambda reply: reply.code)
def test_the_german_text_is_german(reply) -> None:  # type: ignore[no-untyped-def]
    assert words_of(reply.texts["de"]) & english() == set()


def test_an_operator_begins_with_a_text_changes_it_and_sends_it(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    to, fields = visitor.form("/answer/licence", {"source": "agency", "number": "4711", "text": ""})
    file = ("files", (io.BytesIO(picture(9)), "licence.jpg"))
    fields = [(name, value) for name, value in fields if name != "files"]
    assert visitor.send(to, [*fields, file], content_type="multipart/form-data").status_code == 303
    operator, here = world.as_operator(), f"/operator/cases/{case.id}"
    page = operator.page(here)
    assert "The licence is for another picture" in words(page) and "The three ways to end it" not in words(
        page
    )
    [link] = html.fromstring(page).xpath("//a[contains(., 'The file cannot be read')]/@href")
    path = link.partition("#")[0]
    to, fields = operator.form(path, {"reply": "licence_unreadable"}, "/answer")
    typed = dict(fields)
    assert typed["about"] == "licence_shown" and typed["text"].strip().startswith("Vielen Dank. Die Datei")
    assert [row for row in world.all(Message) if row.direction is Direction.OUTGOING] == [], (
        "looking sends nothing"
    )
    changed = [(name, f"{value} Danke." if name == "text" else value) for name, value in fields]
    assert operator.send(to, changed).status_code == 303
    [sent] = [row for row in world.all(Message) if row.direction is Direction.OUTGOING]
    assert sent.reply_code == "licence_unreadable" and sent.text.endswith("Danke.")
    assert "lässt sich hier nicht lesen" in words(visitor.page("/case"))


def test_a_code_nobody_knows_is_nothing(world: World) -> None:
    case, operator = world.offered(), world.as_operator()
    page = f"/operator/cases/{case.id}?reply=<script>"
    to, fields = operator.form(page, {"text": "Good day."}, "/answer")
    assert dict(fields)["reply"] == ""
    forged = [(name, "invented" if name == "reply" else value) for name, value in fields]
    assert operator.send(to, forged).status_code == 303
    [sent] = [row for row in world.all(Message) if row.direction is Direction.OUTGOING]
    assert sent.reply_code == ""
