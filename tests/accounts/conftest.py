"""A desk with nothing but accounts on it: real database, real forms, CSRF on, one movable clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from detection.images.pool import DecodePool
from detection.images.safe import SafeDecoder
from tests.databases import Mould
from tests.dialects import Cast
from tests.parts import make_runtime
from tests.second_step import pass_second_step
from tests.warm import kept
from tests.world import config_at
from workflow.accounts import desk_sign_in, passwords
from workflow.accounts.approval_routes import approvals_operator
from workflow.accounts.approval_routes import install as install_approvals
from workflow.accounts.desk_routes import accounts_desk
from workflow.accounts.legal_routes import legal_pages
from workflow.accounts.models import Account
from workflow.accounts.notice_routes import notices_desk, notices_public
from workflow.accounts.operator_routes import operator_setup
from workflow.accounts.people_routes import operator_people
from workflow.accounts.proof_routes import accounts_proof
from workflow.accounts.proof_routes import install as install_proof
from workflow.accounts.public_routes import accounts_public, public
from workflow.accounts.recovery_routes import accounts_recovery
from workflow.accounts.security_routes import accounts_security
from workflow.accounts.services import joining
from workflow.accounts.sign_in_routes import accounts_sign_in
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Database
from workflow.kernel.outbox import OutboxMessage
from workflow.kernel.runtime import Runtime
from workflow.kernel.uploads import Decoder
from workflow.web.skeleton import Shape, make_app

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PASSWORD = "a calm harbour at dawn"


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    """The real decoder in its child process."""
    decoder = SafeDecoder(DecodePool())
    yield decoder
    decoder.close()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture
def runtime(
    tmp_path: Path, founded: Mould, cast: Cast, clock: FrozenClock, decoder: Decoder
) -> Iterator[Runtime]:
    config = config_at(tmp_path, LICHTBILD_DATABASE_URL=cast(founded, tmp_path))
    database = Database(config.database_url)
    yield make_runtime(config, database, clock, decoder)
    database.dispose()


@pytest.fixture
def desk(runtime: Runtime) -> Flask:
    return kept("accounts", _desk, runtime)


def _desk(runtime: Runtime) -> Flask:
    app = make_app(
        "desk",
        runtime,
        Shape(
            site_url=runtime.config.desk_url,
            cookie_name="lb_desk",
            signed_in_loader=desk_sign_in.load,
            blueprints=(
                public,
                accounts_public,
                accounts_sign_in,
                accounts_recovery,
                legal_pages,
                accounts_security,
                accounts_proof,
                accounts_desk,
                operator_setup,
                operator_people,
                approvals_operator,
                notices_desk,
                notices_public,
            ),
            log_in_endpoint="accounts_public.log_in",
        ),
    )
    install_proof(app)
    install_approvals(app)
    return app


class Browser:
    """A client that fills in forms as a browser would: token and hidden fields included."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def send(
        self,
        page: str,
        fields: Mapping[str, object],
        *,
        to: str = "",
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        """Open ``page``, then post its hidden fields and ``fields`` to ``to`` (or the page)."""
        html = self.client.get(page).get_data(as_text=True)
        hidden = {
            found["name"]: found.get("value", "")
            for found in (
                dict(re.findall(r'(\w+)="([^"]*)"', tag))
                for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', html)
            )
        }
        return self.client.post(to or page, data={**hidden, **fields}, headers=headers)

    def log_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        answer = self.send("/log-in", {"email": email, "password": password})
        return pass_second_step(self.client, answer, email)


class House:
    """The desk, what stands in its database, and browsers to visit it with."""

    OWNER = "ada@example.org"
    STAFF = "desk@example.org"
    PASSWORD = PASSWORD
    NOON = NOON

    def __init__(self, app: Flask, runtime: Runtime, clock: FrozenClock) -> None:
        self.app = app
        self.runtime = runtime
        self.clock = clock

    def browser(self) -> Browser:
        """A fresh browser without any cookie."""
        return Browser(self.app.test_client())

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A look into the database; what was read stays readable."""
        with self.runtime.database.reading() as session:
            yield session
            session.expunge_all()

    def accounts(self) -> list[Account]:
        """Everybody, in the order they came."""
        with self.reading() as session:
            return list(session.scalars(select(Account).order_by(Account.created_at, Account.id)))

    def count(self, model: type) -> int:
        """How many rows a table holds."""
        with self.reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def mails(self) -> list[dict[str, Any]]:
        """What waits in the outbox to be mailed, oldest first."""
        with self.reading() as session:
            rows = session.scalars(
                select(OutboxMessage).where(OutboxMessage.kind == "mail").order_by(OutboxMessage.id)
            )
            return [row.payload for row in rows]

    def confirm_path(self) -> str:
        """The path of the newest confirming link."""
        links = [mail["context"].get("confirm_url") for mail in self.mails()]
        link = str([link for link in links if link][-1])
        start = self.runtime.config.desk_url
        assert link.startswith(start + "/confirm/")
        return link.removeprefix(start)

    def sign_up_answers(self, **changes: object) -> dict[str, object]:
        """A whole sign-up form."""
        return {
            "name": "Ada Beispiel",
            "email": self.OWNER,
            "password": PASSWORD,
            "kind": "photographer",
            "capacity": "author",
            "country": "DE",
            "tax_state": "private",
            "accept_terms": "y",
            **changes,
        }


@pytest.fixture
def house(desk: Flask, runtime: Runtime, clock: FrozenClock) -> House:
    return House(desk, runtime, clock)


@pytest.fixture
def browser(house: House) -> Browser:
    return house.browser()


@pytest.fixture
def staff(house: House) -> str:
    """An operator's account; returns its address."""
    stored = passwords.hash_password(PASSWORD)
    with house.runtime.database.transaction() as session:
        joining.create_operator(session, house.STAFF, "Staff", stored, NOON)
    return house.STAFF


@pytest.fixture
def owner(house: House) -> str:
    """A confirmed rights-holder's account, made through the pages; returns its address."""
    visitor = house.browser()
    visitor.send("/sign-up", house.sign_up_answers())
    visitor.send(house.confirm_path(), {})
    return house.OWNER
