"""What every template can use: filters for money, dates and sizes, and who is looking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined

from workflow.web import i18n
from workflow.web.current import now, runtime, signed_in
from workflow.web.formats import date_text, datetime_text, filesize_text, money_text, number_text, zone
from workflow.web.languages import LANGUAGES, language
from workflow.web.template_cache import SHARED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Flask

    from workflow.web.current import SignedIn

    NavLoader = Callable[[SignedIn | None], Sequence["NavItem"]]

__all__ = ["NavItem", "date_text", "datetime_text", "filesize_text", "install", "money_text", "zone"]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the rail; ``count`` of 0 is not shown."""

    endpoint: str
    label: str
    icon: str
    count: int = 0


def install(app: Flask, *, nav: NavLoader, zone_name: Callable[[], str]) -> None:
    """Give the templates of ``app`` their filters and names; an unknown name is an error."""
    app.extensions["zone"] = zone_name
    app.extensions["nav"] = nav
    app.jinja_env.bytecode_cache = SHARED
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=money_text, date=date_text, datetime=datetime_text, filesize=filesize_text, number=number_text
    )

    i18n.install(app)

    @app.context_processor
    def names() -> dict[str, Any]:
        me = signed_in()
        return {
            "me": me, "demo": runtime().config.demo, "nav": nav(me), "now": now(),
            "mail_waits": not runtime().config.mail_url,
            "lang": language(), "languages": LANGUAGES,
        }  # fmt: skip
