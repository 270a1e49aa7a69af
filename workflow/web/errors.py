"""Errors as pages: the only place where a domain word becomes an HTTP code."""

from __future__ import annotations

import errno
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response, current_app, g, jsonify, make_response, render_template, request, url_for
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateNotFound
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from workflow.kernel.db import is_contention
from workflow.kernel.errors import (
    Conflict,
    DomainError,
    NotAllowed,
    NotFound,
    ProofNeeded,
    Refused,
    Stale,
    Unavailable,
)
from workflow.kernel.said import say
from workflow.web.blueprints import own_path
from workflow.web.current import reference
from workflow.web.i18n import translate, translated_all
from workflow.web.languages import language, without_database

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

log = logging.getLogger("lichtbild.web")

RETRY_SECONDS = 60

#: Code, title, what to say when nothing more precise is known.
WORDS: dict[int, tuple[str, str]] = {
    400: (say("We could not read this request"), say("Please go back, reload the page and try again.")),
    401: (say("You are signed out"), say("Nothing was saved. Log in again and repeat your step.")),
    403: (say("This is not allowed"), say("The request came from another site or lacks the permission.")),
    404: (say("There is nothing here"), say("The page does not exist, or it is not yours.")),
    405: (say("This page cannot be called like that"), say("Please use the buttons of the page before.")),
    409: (say("Somebody was faster"), say("Please look again and repeat your step.")),
    410: (say("This link has ended"), say("It was used already or is too old.")),
    413: (say("This is too large"), say("Please send less at once, or a smaller file.")),
    422: (say("Please look at this again"), say("Something in the form does not fit.")),
    429: (say("Too many attempts"), say("Please wait a minute and try again.")),
    500: (say("Something went wrong on our side"), say("Nothing was saved. It has been noted.")),
    503: (say("This is not available now"), say("Please try again in a few minutes.")),
}

#: Which page stands in where a code has none of its own.
STAND_IN = {400: 422, 401: 403, 405: 404, 410: 404, 503: 500}

DOMAIN_CODES: tuple[tuple[type[DomainError], int], ...] = (
    (NotAllowed, 403),
    (ProofNeeded, 403),
    (Refused, 422),
    (Stale, 409),
    (Conflict, 409),
    (NotFound, 404),
    (Unavailable, 503),
)


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What an error template is given as ``error``."""

    code: int
    title: str
    reasons: tuple[str, ...]
    reference: str
    #: A page on this host to go on from.
    way_on: str
    way_on_label: str
    headers: dict[str, str] = field(default_factory=dict)


def install(app: Flask) -> None:
    """Answer every error of ``app`` with a page (or JSON for a script) and a reference number."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(ProofNeeded, _proof_needed)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _bug)


def error_response(code: int, *reasons: str, headers: dict[str, str] | None = None) -> Response:
    """The error page of ``code``; a code without words becomes its class's page."""
    _find_language()
    code = code if code in WORDS else (500 if code >= 500 else 400)  # noqa: PLR2004 - 5xx
    title, usual = WORDS[code]
    way_on, label = _way_on(code)
    title, label = translate(title), translate(label)
    told = tuple(translated_all(reasons or (usual,)))
    page = ErrorPage(code, title, told, reference(), way_on, label, headers or {})
    if request.accept_mimetypes.best == "application/json":
        response = jsonify(error=title, reasons=list(page.reasons), reference=page.reference)
    else:
        response = make_response(_render(page))
    response.status_code = code
    response.headers.update(page.headers)
    return response


def _find_language() -> None:
    """In which language to say it; the database that knows may be what failed."""
    try:
        language()
    except Exception:  # noqa: BLE001 - an error page must not fail for want of a language
        g.signed_in = None
        without_database()


def _render(page: ErrorPage) -> str:
    for name in (page.code, STAND_IN.get(page.code, page.code), 500):
        try:
            return render_template(f"errors/{name}.html", error=page)
        except TemplateNotFound:
            continue
        except SQLAlchemyError:  # the frame of the page asks the database too
            break
    return f"{page.title}. {' '.join(page.reasons)} {translate('Reference')} {page.reference}."


def _way_on(code: int) -> tuple[str, str]:
    """Back to where the person came from if that was ours, else to the start."""
    if code == 401:  # noqa: PLR2004 - signed out
        return url_for(current_app.extensions["log_in_endpoint"]), say("Log in")
    came_from = urlsplit(request.referrer or "")
    back = own_path(f"{came_from.path}?{came_from.query}".rstrip("?"))
    if came_from.netloc == request.host and back and back != request.full_path.rstrip("?"):
        return back, say("Back to the page before")
    return "/", say("To the start page")


def _domain_error(error: DomainError) -> Response:
    code = next((code for kind, code in DOMAIN_CODES if isinstance(error, kind)), 422)
    reasons = error.reasons if isinstance(error, Refused) else error.args[:1]
    return error_response(code, *reasons)


def _proof_needed(error: ProofNeeded) -> Response:
    """The page that asks for the password again and leads back; apps without one say it in words."""
    page: Callable[[str], Response] | None = current_app.extensions.get("proof_page")
    if page is None or request.accept_mimetypes.best == "application/json":
        return _domain_error(error)
    came_from = urlsplit(request.referrer or "")
    back = own_path(f"{came_from.path}?{came_from.query}".rstrip("?"))
    return page(back if back and came_from.netloc == request.host else "")


def _http_error(error: HTTPException) -> Response:
    if error.response is not None and isinstance(error.response, Response):
        return error.response
    code = error.code or 500
    if code in (301, 302, 303, 307, 308):
        return make_response(error.get_response())
    if isinstance(error, RateLimitExceeded):
        return error_response(429, headers={"Retry-After": str(RETRY_SECONDS)})
    if isinstance(error, CSRFError):
        return error_response(
            400,
            say(
                "The form was open too long or came from elsewhere. Please reload the page and send it again."
            ),
        )
    allowed = error.get_response().headers.get("Allow")
    return error_response(code, headers={"Allow": allowed} if allowed else None)


def _bug(error: Exception) -> Response:
    """A bug: noted with its reference; the page tells nothing of the inside."""
    if why := _away(error):
        log.error("request %s %s: %s", reference(), request.endpoint, error)
        g.signed_in = None
        return error_response(503, why, headers={"Retry-After": str(RETRY_SECONDS)})
    log.error("request %s %s %s", reference(), request.method, request.endpoint, exc_info=error)
    if current_app.config["PROPAGATE_EXCEPTIONS"]:
        raise error
    g.signed_in = None  # the loader itself may be what failed
    without_database()
    return error_response(500)


def _away(error: Exception) -> str | None:
    """What to tell when not we but what we stand on failed; ``None`` for a bug."""
    gone = isinstance(error, (OperationalError, InterfaceError, PoolTimeout)) or type(error) is DatabaseError
    if isinstance(error, DBAPIError) and is_contention(error):
        return say(
            "Others are busy with the same at this moment. Nothing was saved: please send it "
            "again in a few seconds."
        )
    if gone and "readonly" not in str(error):  # a page that writes while it reads is a bug of ours
        return say(
            "Our database does not answer at this moment. Nothing was saved and nothing is "
            "lost: please send the same again in a few minutes."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG):
        return say(
            "We cannot store anything at this moment. Nothing of this request was kept: "
            "please send the same again later."
        )
    return None
