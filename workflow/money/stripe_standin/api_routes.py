"""The documented HTTP interface under /v1 as far as our adapter uses it; the rest is refused."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from workflow.money.stripe_standin.objects import visible
from workflow.money.stripe_standin.office import Office
from workflow.money.stripe_standin.store import Json, Listing, Store, fresh_id
from workflow.money.stripe_standin.wire import (
    FLAG,
    MARKS,
    TEXT,
    URL,
    WHOLE,
    ApiError,
    check,
    missing,
    parse_form,
)

MAX_KEY = 255
MAX_PAGE = 100

CREATE_SESSION: dict[str, Any] = {
    "mode": TEXT,
    "success_url": URL,
    "cancel_url": URL,
    "client_reference_id": TEXT,
    "customer_email": TEXT,
    "expires_at": WHOLE,
    "metadata": MARKS,
    "locale": TEXT,
    "submit_type": TEXT,
    "allowed_payment_method_types": [TEXT],
    "adaptive_pricing": {"enabled": FLAG},
    "payment_intent_data": {"description": TEXT, "metadata": MARKS},
    "line_items": [
        {
            "quantity": WHOLE,
            "price_data": {
                "currency": TEXT,
                "unit_amount": WHOLE,
                "product_data": {"name": TEXT, "description": TEXT},
            },
        }
    ],
    "expand": [TEXT],
}
CREATE_REFUND: dict[str, Any] = {
    "payment_intent": TEXT,
    "charge": TEXT,
    "amount": WHOLE,
    "reason": TEXT,
    "metadata": MARKS,
    "expand": [TEXT],
}
PAGING: dict[str, Any] = {
    "limit": WHOLE,
    "starting_after": TEXT,
    "created": {"gt": WHOLE, "gte": WHOLE, "lt": WHOLE, "lte": WHOLE},
}
#: Listings: address -> kind of object, and the fields one may ask for besides the paging.
LISTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "/checkout/sessions": ("checkout.session", {"payment_intent": TEXT, "status": TEXT}),
    "/refunds": ("refund", {"payment_intent": TEXT, "charge": TEXT}),
    "/disputes": ("dispute", {"payment_intent": TEXT, "charge": TEXT}),
    "/charges": ("charge", {"payment_intent": TEXT}),
    "/events": ("event", {"type": TEXT, "types": [TEXT], "delivery_success": FLAG}),
}
SINGLES: dict[str, str] = {
    "/checkout/sessions/<object_id>": "checkout.session",
    "/payment_intents/<object_id>": "payment_intent",
    "/charges/<object_id>": "charge",
    "/refunds/<object_id>": "refund",
    "/disputes/<object_id>": "dispute",
    "/events/<object_id>": "event",
    "/balance_transactions/<object_id>": "balance_transaction",
}
#: Fields that may be expanded, and what they lead to.
EXPANDABLE = {
    "latest_charge": "charge",
    "charge": "charge",
    "payment_intent": "payment_intent",
    "balance_transaction": "balance_transaction",
}


class Api:
    """The answers of the interface; everything it needs is given to it."""

    def __init__(self, store: Store, office: Office, secret_key: str) -> None:
        self._store = store
        self._office = office
        self._secret_key = secret_key

    def blueprint(self) -> Blueprint:
        """All addresses under /v1, and the switches of the stand-in itself under /_standin."""
        api = Blueprint("standin_api", __name__)
        api.before_request(self._check_key)
        api.register_error_handler(ApiError, _error)
        for path, (kind, fields) in LISTINGS.items():
            view = self._listing(path, kind, fields)
            api.add_url_rule(f"/v1{path}", f"list {path}", view, methods=["GET"])
        for path, kind in SINGLES.items():
            api.add_url_rule(f"/v1{path}", f"get {path}", self._single(kind), methods=["GET"])
        for path, verb in self._verbs().items():
            api.add_url_rule(path, f"post {path}", self._posting(verb), methods=["POST"])
        api.add_url_rule("/v1/<path:rest>", "unknown", _unknown, methods=["GET", "POST", "DELETE"])
        return api

    def _verbs(self) -> dict[str, Callable[[Json, str], Json]]:
        """What can be posted: address -> parameters and id from the address to the new object."""
        return {
            "/v1/checkout/sessions": self._create_session,
            "/v1/checkout/sessions/<object_id>/expire": self._expire_session,
            "/v1/refunds": self._create_refund,
            "/_standin/disputes": self._open_dispute,
            "/_standin/disputes/<object_id>/close": self._close_dispute,
            "/_standin/events/<object_id>/resend": self._resend,
        }

    def _create_session(self, params: Json, _object_id: str) -> Json:
        return self._office.create_session(check(params, CREATE_SESSION))

    def _expire_session(self, params: Json, object_id: str) -> Json:
        check(params, {"expand": [TEXT]})
        return self._office.expire(object_id)

    def _create_refund(self, params: Json, _object_id: str) -> Json:
        key = request.headers.get("Idempotency-Key")
        return self._office.refund(check(params, CREATE_REFUND), key)

    def _open_dispute(self, params: Json, _object_id: str) -> Json:
        shape = {"payment_intent": TEXT, "charge": TEXT, "amount": WHOLE, "reason": TEXT}
        return self._office.open_dispute(check(params, shape))

    def _close_dispute(self, params: Json, object_id: str) -> Json:
        return self._office.close_dispute(object_id, check(params, {"status": TEXT})["status"])

    def _resend(self, params: Json, object_id: str) -> Json:
        check(params, {})
        return self._office.resend(object_id)

    def _check_key(self) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise ApiError(401, "You did not provide an API key.")
        if not hmac.compare_digest(key.encode(), self._secret_key.encode()):
            raise ApiError(401, f"Invalid API Key provided: {key[:8]}****", code="api_key_invalid")

    def _posting(self, verb: Callable[[Json, str], Json]) -> Callable[..., Response]:
        def view(object_id: str = "") -> Response:
            params = parse_form(request.form.items(multi=True))
            key = request.headers.get("Idempotency-Key")
            if key is not None and not 0 < len(key) <= MAX_KEY:
                raise ApiError(400, "Idempotency keys are 1 to 255 characters long.")
            asked = json.dumps([request.method, request.path, params], sort_keys=True)
            with self._store.transaction():
                earlier = self._store.reply(key) if key else None
                if earlier is not None:
                    return _replay(earlier, asked)
                answer = _text(self._expanded(verb(params, object_id), params.get("expand")))
                if key:
                    self._store.keep_reply(key, asked, 200, answer)
            return _json(answer)

        return view

    def _single(self, kind: str) -> Callable[[str], Response]:
        def view(object_id: str) -> Response:
            params = check(parse_form(request.args.items(multi=True)), {"expand": [TEXT]})
            found = self._office.get(kind, object_id)
            return _json(_text(self._expanded(found, params.get("expand"))))

        return view

    def _listing(self, path: str, kind: str, fields: dict[str, Any]) -> Callable[[], Response]:
        def view() -> Response:
            params = check(parse_form(request.args.items(multi=True)), PAGING | fields)
            limit = params.get("limit", 10)
            if not 1 <= limit <= MAX_PAGE:
                raise ApiError(400, "limit is between 1 and 100.", param="limit")
            after = params.get("starting_after")
            if after is not None and self._store.find(kind, after) is None:
                raise missing(kind, after)
            wanted = {name: (params[name],) for name in fields if isinstance(params.get(name), str)}
            if "types" in params:
                wanted["type"] = tuple(params["types"])
            found, more = self._store.page(
                Listing(
                    kind=kind,
                    fields=wanted,
                    created=params.get("created", {}),
                    after=after,
                    limit=limit,
                    delivered=params.get("delivery_success"),
                )
            )
            data = [visible(subject) for subject in found]
            page = {"object": "list", "url": f"/v1{path}", "has_more": more, "data": data}
            return _json(_text(page))

        return view

    def _expanded(self, subject: Json, paths: Any) -> Json:
        """The object with the fields named in ``expand[]`` replaced by what they lead to."""
        shown = visible(subject)
        for path in paths or []:
            here = shown
            for field in str(path).split("."):
                if field not in EXPANDABLE or field not in here:
                    raise ApiError(400, f"This property cannot be expanded ({path}).")
                if here[field] is None:
                    break
                if isinstance(here[field], str):
                    here[field] = visible(self._office.get(EXPANDABLE[field], here[field]))
                here = here[field]
        return shown


def _replay(earlier: tuple[str, int, str], asked: str) -> Response:
    first_asked, status, body = earlier
    if first_asked != asked:
        raise ApiError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were "
            "first used with. Try using another key if you meant to execute a different request.",
            kind="idempotency_error",
        )
    response = _json(body, status)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _text(body: Json) -> str:
    return json.dumps(body, indent=2)


def _json(text: str, status: int = 200) -> Response:
    response = Response(text, status, mimetype="application/json")
    response.headers["Request-Id"] = fresh_id("req")
    return response


def _error(error: ApiError) -> Response:
    response = _json(_text(error.body), error.status)
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
    return response


def _unknown(rest: str) -> Response:
    message = f"Unrecognized request URL ({request.method}: /v1/{rest})."
    raise ApiError(404, message)
