"""The card page a browser sees: no script, nothing from elsewhere, no real card number kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from workflow.kernel.money import Currency, Money, format_money
from workflow.money.stripe_standin.cards import CARDS, card_for, form_problem
from workflow.money.stripe_standin.objects import HIDDEN
from workflow.money.stripe_standin.office import Office
from workflow.money.stripe_standin.store import Json, Store

COOKIE = "lb_test_payment"
SESSION_MARK = "{CHECKOUT_SESSION_ID}"


class Pages:
    """The card page of one stand-in. ``told`` is called when a payment may have made events."""

    def __init__(
        self,
        store: Store,
        office: Office,
        wall: Callable[[], datetime],
        told: Callable[[], None],
    ) -> None:
        self._store = store
        self._office = office
        self._wall = wall
        self._told = told
        self._key = store.setting("page_key", secrets.token_hex(32)).encode()

    def blueprint(self) -> Blueprint:
        """The page, its form, and its style sheet."""
        pages = Blueprint("standin_pages", __name__, static_folder="static", static_url_path="/assets")
        pages.add_url_rule("/c/pay/<session_id>", "show", self._show, methods=["GET"])
        pages.add_url_rule("/c/pay/<session_id>", "pay", self._pay, methods=["POST"])
        return pages

    def _show(self, session_id: str) -> AnyResponse:
        return self._page(self._session(session_id), problem="")

    def _pay(self, session_id: str) -> AnyResponse:
        self._session(session_id)
        if not self._is_ours(session_id):
            abort(403, "This form did not come from the payment page. Go back and load it again.")
        form = request.form
        problem = form_problem(form.get("expiry", ""), form.get("cvc", ""), self._wall())
        if problem:
            return self._page(self._session(session_id), problem)
        card = card_for(form.get("number", ""))
        with self._store.transaction():
            session = self._office.pay(session_id, card)
        self._told()
        if session["status"] == "complete":
            return redirect(session["success_url"].replace(SESSION_MARK, session_id), 303)
        return self._page(session, card.message)

    def _session(self, session_id: str) -> Json:
        found = self._store.find("checkout.session", session_id)
        if found is None:
            abort(404, "There is no such payment.")
        return found

    def _page(self, session: Json, problem: str) -> AnyResponse:
        state = session["status"]
        if state == "open" and session["expires_at"] <= int(self._wall().timestamp()):
            state = "expired"
        if state != "open":
            return self._closed(session, state)
        visit = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
        response = make_response(
            render_template(
                "standin/checkout.html",
                checkout=session,
                name=session[HIDDEN]["name"],
                amount=amount_of(session),
                cards=CARDS,
                problem=problem,
                token=self._token(visit, session["id"]),
            ),
            402 if problem else 200,
        )
        response.set_cookie(COOKIE, visit, httponly=True, samesite="Lax", path="/c/pay")
        return _guarded(response, session)

    def _closed(self, session: Json, state: str) -> AnyResponse:
        back = session["success_url"].replace(SESSION_MARK, session["id"])
        if state == "expired":
            back = session["cancel_url"] or ""
        page = render_template("standin/closed.html", state=state, amount=amount_of(session), back=back)
        return _guarded(make_response(page, 200 if state == "complete" else 410), session)

    def _token(self, visit: str, session_id: str) -> str:
        return hmac.new(self._key, f"{visit}|{session_id}".encode(), hashlib.sha256).hexdigest()

    def _is_ours(self, session_id: str) -> bool:
        """Did the form come from a page we gave to this very browser?"""
        visit = request.cookies.get(COOKIE, "")
        given = request.form.get("token", "")
        return bool(visit) and hmac.compare_digest(given.encode(), self._token(visit, session_id).encode())


def amount_of(session: Json) -> str:
    """The sum as people write it."""
    money = Money(session["amount_total"], Currency(session["currency"].upper()))
    return format_money(money, "en")


def _guarded(response: Response, session: Json) -> Response:
    """The form may lead on to the shop's own addresses only; nothing is kept or embedded."""
    onward = {_origin(session["success_url"]), _origin(session["cancel_url"] or "")} - {""}
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "form-action 'self' " + " ".join(sorted(onward))
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
