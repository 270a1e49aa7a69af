"""Which language a page is written in: the person's choice, this browser's, or the instance's."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

from flask import current_app, g, has_request_context, make_response, redirect, request

from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound
from workflow.kernel.said import say
from workflow.web.blueprints import own_path, role_blueprint
from workflow.web.current import signed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flask import Flask, Response
    from flask.typing import ResponseReturnValue

#: The languages pages can be read in, each by its own name; the first is the one all texts are written in.
LANGUAGES = {"en": "English", "de": "Deutsch"}
ENGLISH = "en"
COOKIE = "lb_language"
COOKIE_SECONDS = 365 * 24 * 3600
#: The reader of what is written now, when it is not who asks.
_CHOSEN: ContextVar[str] = ContextVar("language", default="")

language_choice = role_blueprint("language", __name__, role=Role.PUBLIC)


@language_choice.post("/language")
def choose() -> ResponseReturnValue:
    """Keep the language for this browser and go back to where the person came from."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        raise NotFound(say("This language"))
    answer = make_response(redirect(own_path(request.form.get("back")) or "/", code=303))
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    answer.set_cookie(
        COOKIE, chosen, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=secure, path="/"
    )
    return answer


def language() -> str:
    """The code of the language to answer in, found once per request; English outside of one."""
    if chosen := _CHOSEN.get():
        return chosen
    if not has_request_context():
        return ENGLISH
    if "language" not in g:
        me = signed_in()
        own = me.language if me else ""
        g.language = own if own in LANGUAGES else _of_browser() or _of_instance()
    return cast("str", g.language)


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Write for a reader of this language, whoever asks: a mail is not read by who causes it."""
    token = _CHOSEN.set(code)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def choose_again() -> None:
    """Ask again: the person has just chosen another language or zone."""
    for name in ("language", "zone"):
        g.pop(name, None)


def without_database() -> None:
    """Settle the language for an error page, whose cause may be the database itself."""
    if "language" not in g:
        g.language = _of_browser() or ENGLISH


def install(app: Flask, instance_languages: Callable[[], Sequence[str]]) -> None:
    """``instance_languages`` is asked when neither the person nor the browser wishes for one we have."""
    app.extensions["instance_languages"] = instance_languages

    @app.after_request
    def by_language(answer: Response) -> Response:
        """Tell caches that the page depends on who asks."""
        if answer.mimetype == "text/html":
            answer.vary.update(("Accept-Language", "Cookie"))
        return answer


def _of_browser() -> str:
    kept = request.cookies.get(COOKIE, "")
    return kept if kept in LANGUAGES else request.accept_languages.best_match(list(LANGUAGES)) or ""


def _of_instance() -> str:
    asked: Callable[[], Sequence[str]] = current_app.extensions["instance_languages"]
    return next((code for code in asked() if code in LANGUAGES), ENGLISH)
