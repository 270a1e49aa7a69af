"""The components say what they promise, whatever strangers write into them."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from drawing import NOW, Contact, element, words
from werkzeug.datastructures import MultiDict

from workflow.kernel.money import Money

HOSTILE = '<script>alert(1)</script>" onload="x'


@pytest.mark.parametrize("kind", ["done", "waiting", "danger", "neutral"])
def test_a_chip_is_an_icon_and_a_word(kind: str) -> None:
    chip = element(
        '{% from "components/basics.html" import chip %}{{ chip(kind, word) }}',
        kind=kind,
        word="Not accepted",
    )
    assert words(chip) == "Not accepted"
    assert len(chip.findall(".//svg")) == 1
    assert chip.find("span").get("class") == f"chip chip-{kind}"


def test_a_button_that_cannot_be_used_is_visible_with_its_reason() -> None:
    button = element(
        '{% from "components/basics.html" import button %}'
        '{{ button("Submit", "primary", reason_off="The proof is missing.", href="/submit") }}'
    )
    assert button.find(".//button").get("disabled") is not None
    assert not button.findall(".//a")
    assert "The proof is missing." in words(button)


def test_a_button_is_a_link_or_sends_its_pair() -> None:
    source = '{% from "components/basics.html" import button %}'
    link = element(source + '{{ button("Open", href="/a?b=1&c=2") }}')
    assert link.find("a").get("href") == "/a?b=1&c=2"
    sends = element(source + '{{ button("Legal", submit=("verdict", "legal"), data_key="l") }}')
    found = sends.find("button")
    assert (found.get("type"), found.get("name"), found.get("value"), found.get("data-key")) == (
        "submit", "verdict", "legal", "l",
    )  # fmt: skip


def test_a_destructive_act_says_what_happens_before_it_is_sent() -> None:
    confirm = element(
        '{% from "components/basics.html" import confirm %}'
        '{{ confirm("Withdraw", "/withdraw", "The offer ends.", "t1", {"version": 3}) }}'
    )
    form = confirm.find(".//details/form")
    assert form.get("method") == "post"
    assert {i.get("name"): i.get("value") for i in form.findall("input")} == {
        "csrf_token": "t1", "version": "3",
    }  # fmt: skip
    assert words(form).startswith("The offer ends.")


def test_an_amount_is_one_unbroken_word_and_nothing_is_a_dash() -> None:
    source = '{% from "components/basics.html" import money %}{{ money(m) }}'
    assert element(source, m=Money(123450)).find("span").get("class") == "amount"
    assert words(element(source, m=Money(123450))) == "1.234,50 €"
    assert words(element(source, m=None)) == "–"


def test_a_field_carries_label_help_example_and_error() -> None:
    form = Contact(MultiDict({"town": "Hamburg"}))
    assert not form.validate()
    source = '{% from "components/forms.html" import field %}'
    got = element(
        source + '{{ field(form.town, "Where you live.", "Ulm", autocomplete="address-level2") }}',
        form=form,
    )
    box = got.find(".//input")
    assert box.get("aria-describedby").split() == ["town-help", "town-error"]
    assert (box.get("aria-invalid"), box.get("autocomplete")) == ("true", "address-level2")
    assert got.find(".//label").get("for") == box.get("id") == "town"
    assert "(optional)" in words(got)
    assert "For example: Ulm" in words(got)
    assert "This is too long." in words(got)


def test_required_fields_and_choices_are_not_called_optional() -> None:
    source = '{% from "components/forms.html" import field %}{{ field(f) }}'
    form = Contact()
    for f in (form.name, form.topic, form.how, form.read):
        assert "(optional)" not in words(element(source, f=f)), f.name
    legend = element(source, f=form.how).find(".//fieldset/legend")
    assert legend.text == "How"


def test_the_summary_leads_to_every_faulty_field() -> None:
    form = Contact(MultiDict({"town": "Hamburg", "topic": "a", "how": "m", "read": "y"}))
    assert not form.validate()
    got = element(
        '{% from "components/forms.html" import form_errors %}{{ form_errors(form, also) }}',
        form=form,
        also=("The case was changed meanwhile.",),
    )
    assert [a.get("href") for a in got.iter("a")] == ["#name", "#town"]
    assert "The case was changed meanwhile." in words(got)
    whole = '{% from "components/forms.html" import form_errors %}{{ form_errors(form) }}'
    assert words(element(whole, form=Contact())) == ""


STAGES = ("Hit", "Reviewed", "Submitted", "Offer", "Dunning", "Court")
STAGE_BAR = '{% from "components/case.html" import stage_bar %}{{ stage_bar(stages, current, end) }}'


def test_the_stage_bar_marks_one_stage_as_now() -> None:
    bar = element(STAGE_BAR, stages=STAGES, current="Offer", end="")
    assert [words(li) for li in bar.iter("li")] == list(STAGES)
    assert [words(li) for li in bar.iter("li") if li.get("aria-current")] == ["Offer"]
    assert sum("stage-passed" in li.get("class") for li in bar.iter("li")) == 3


def test_the_stage_bar_ends_where_the_case_ended() -> None:
    bar = element(STAGE_BAR, stages=STAGES, current="Dunning", end="Paid")
    assert [words(li) for li in bar.iter("li")] == [*STAGES[:5], "Paid"]
    assert [words(li) for li in bar.iter("li") if li.get("aria-current")] == ["Paid"]


def test_the_outline_lies_in_the_pixels_of_the_found_picture() -> None:
    pair = element(
        '{% from "components/pictures.html" import pair %}'
        '{{ pair("/l.jpg", "/r.jpg", points=points, width=600, height=500) }}',
        points=((60, 90), (540.25, 90), (540, 410), (60, 410)),
    )
    left, right = pair.iter("figure")
    assert not left.findall(".//svg")
    drawing = right.find(".//svg")
    assert drawing.get("viewbox") == "0 0 600 500"
    assert drawing.find("polygon").get("points") == "60,90 540.2,90 540,410 60,410"
    assert [image.get("src") for image in pair.iter("img")] == ["/l.jpg", "/r.jpg"]
    assert all(image.get("alt") for image in pair.iter("img"))


def test_the_overlay_maps_corners_onto_the_outline_also_mirrored() -> None:
    overlay = element(
        '{% from "components/pictures.html" import overlay %}'
        '{{ overlay("/l.jpg", "/r.jpg", points, (480, 320), (600, 500)) }}',
        points=((540, 90), (60, 90), (60, 410), (540, 410)),
    )
    matrix = overlay.findall(".//image")[1].get("transform")
    a, b, c, d, e, f = map(float, re.findall(r"-?[\d.]+", matrix))
    assert (a * 480 + e, b * 480 + f) == (60, 90)
    assert (c * 320 + e, d * 320 + f) == (540, 410)


def test_lists_take_entries_with_and_without_extras() -> None:
    entry = {"at": NOW, "title": "Reminder sent"}
    got = element(
        '{% from "components/case.html" import timeline %}{{ timeline(entries) }}',
        entries=[entry, SimpleNamespace(**entry, text="Second line", href="/letter", by=None)],
    )
    assert [t.get("datetime") for t in got.iter("time")] == [NOW.isoformat()] * 2
    assert [a.get("href") for a in got.iter("a")] == ["/letter"]


def test_a_sheet_ends_with_its_sum() -> None:
    got = element(
        '{% from "components/lists.html" import sheet %}{{ sheet(lines, total, "Asked") }}',
        lines=[{"label": "Licence", "amount": Money(18000), "because": "One year"}],
        total=Money(18000),
    )
    assert words(got.find(".//tfoot")) == "Asked180,00 €"


def test_bars_keep_their_proportion_and_have_a_table() -> None:
    got = element(
        '{% from "components/lists.html" import bars %}{{ bars(rows, "Funnel") }}',
        rows=[("Found", 80, "80"), ("Paid", 20, "20")],
    )
    long, short = (float(bar.get("width")) for bar in got.iter("rect"))
    assert long == pytest.approx(4 * short)
    assert [words(row) for row in got.findall(".//tbody/tr")] == ["Found80", "Paid20"]
    assert "Funnel" in words(element(
        '{% from "components/lists.html" import bars %}{{ bars([], "Funnel") }}'
    ))  # fmt: skip


HOSTILE_CALLS = {
    "chip": '{% from "components/basics.html" import chip %}{{ chip("done", x) }}',
    "button": '{% from "components/basics.html" import button %}{{ button(x, href=x) }}',
    "button pair": '{% from "components/basics.html" import button %}'
    "{{ button(x, submit=(x, x), data_copy=x) }}",
    "copyable": '{% from "components/basics.html" import copyable %}{{ copyable(x) }}',
    "empty": '{% from "components/basics.html" import empty %}{{ empty(x, x, x, x) }}',
    "rows": '{% from "components/lists.html" import file_rows %}'
    '{{ file_rows([{"name": x, "kind": "done", "word": x, "remedy": x, "thumb_src": x}]) }}',
    "facts": '{% from "components/lists.html" import fact_list %}'
    '{{ fact_list([{"label": x, "value": x, "source": x, "sure": x}], x) }}',
    "table": '{% from "components/lists.html" import table %}'
    "{% call table([x], x) %}<tr><td>{{ x }}</td></tr>{% endcall %}",
    "pair": '{% from "components/pictures.html" import pair %}{{ pair(x, x, labels=(x, x)) }}',
    "turn": '{% from "components/case.html" import whose_turn %}{{ whose_turn(x, x, x) }}',
    "toasts": '{% from "layouts/_frame.html" import toasts %}{{ toasts([(x, x)]) }}',
}


@pytest.mark.parametrize("source", HOSTILE_CALLS.values(), ids=HOSTILE_CALLS)
def test_words_of_strangers_stay_words(source: str) -> None:
    got = element(source, x=HOSTILE)
    assert not list(got.iter("script"))
    assert not [node for node in got.iter() if "onload" in node.attrib]
