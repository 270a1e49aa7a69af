"""A plain Jinja environment with stand-in filters: components and pages drawn without an application."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import html
from wtforms import BooleanField, Form, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from workflow.kernel.money import format_money
from workflow.web import i18n
from workflow.web.languages import LANGUAGES

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "workflow" / "web" / "static"
NOW = datetime(2024, 3, 1, 9, 30, tzinfo=UTC)


def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    i18n.teach(env)
    env.filters.update(
        money=format_money,
        date=lambda moment: f"{moment.day} {moment:%b %Y}",
        datetime=lambda moment: f"{moment.day} {moment:%b %Y, %H:%M}",
        filesize=lambda size: f"{size} bytes",
        number=lambda number: f"{number:,}",
    )
    env.globals.update(
        url_for=lambda endpoint, **values: "/" + values.get("filename", endpoint),
        csrf_token=lambda: "token",
        get_flashed_messages=lambda **_wanted: [("done", "The offer was sent.")],
        request=SimpleNamespace(endpoint="inbox.show", blueprint="inbox", args={}, full_path="/inbox?"),
    )
    return env


def element(source: str, **context: Any) -> html.HtmlElement:
    """The rendered source, where ``source`` may import any component."""
    return html.fragment_fromstring(environment().from_string(source).render(context), create_parent="div")


def words(node: html.HtmlElement) -> str:
    return " ".join(node.text_content().split())


class Contact(Form):
    name = StringField("Your name", [InputRequired("Please tell us your name.")])
    town = StringField("Town", [Length(max=3, message="This is too long.")])
    topic = SelectField("Topic", choices=[SelectChoice("a", "A letter"), SelectChoice("b", "Photographs")])
    how = RadioField("How", choices=[SelectChoice("m", "By e-mail"), SelectChoice("t", "By telephone")])
    read = BooleanField("I have read it", [InputRequired("Please confirm.")])


def render(template: str, **context: Any) -> html.HtmlElement:
    """A whole page with the names every page is given."""
    base: dict[str, Any] = {
        "me": None,
        "demo": True,
        "nav": [],
        "now": NOW,
        "lang": "en",
        "languages": LANGUAGES,
    }
    return html.document_fromstring(environment().get_template(template).render(base | context))
