"""A desk with accounts and photographs: real database, real decoder, real forms, CSRF on."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.databases import Mould
from tests.dialects import Cast
from tests.parts import make_runtime
from tests.second_step import pass_second_step
from tests.warm import kept
from tests.world import config_at
from workflow.accounts import desk_sign_in, passwords
from workflow.accounts.desk_routes import accounts_desk
from workflow.accounts.legal_routes import legal_pages
from workflow.accounts.models import Account
from workflow.accounts.public_routes import accounts_public, public
from workflow.accounts.queries import current_terms
from workflow.accounts.recovery_routes import accounts_recovery
from workflow.accounts.sign_in_routes import accounts_sign_in
from workflow.accounts.states import AccountKind, Capacity, TaxState
from workflow.kernel.actors import Actor, Role
from workflow.kernel.clock import FrozenClock
from workflow.kernel.db import Base, Database
from workflow.kernel.ids import new_id
from workflow.kernel.runtime import Runtime
from workflow.web.skeleton import Shape, make_app
from workflow.works import intake
from workflow.works.decoding import UploadDecoder
from workflow.works.models import UploadRecord
from workflow.works.operator_routes import works_operator
from workflow.works.rights_holder_routes import works_rights_holder

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PASSWORD = "a calm harbour at dawn"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@pytest.fixture(scope="session")
def decoder() -> Iterator[UploadDecoder]:
    """The real decoder in its child process."""
    decoder = UploadDecoder()
    yield decoder
    decoder.close()


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def runtime(tmp_path: Path, decoder: UploadDecoder, founded: Mould, cast: Cast) -> Iterator[Runtime]:
    config = config_at(tmp_path, LICHTBILD_DATABASE_URL=cast(founded, tmp_path))
    database = Database(config.database_url)
    yield make_runtime(config, database, FrozenClock(NOON), decoder)
    database.dispose()


@dataclass
class People:
    """Makes accounts that can sign in."""

    runtime: Runtime
    password_hash: str

    def person(self, email: str, role: Role = Role.RIGHTS_HOLDER) -> Actor:
        owner = role is Role.RIGHTS_HOLDER
        with self.runtime.database.transaction() as session:
            terms = current_terms(session, NOON.date()).version if owner else None
            account = Account(
                id=new_id(), email=email, name=email.partition("@")[0].title(), role=role,
                kind=AccountKind.PHOTOGRAPHER if owner else AccountKind.STAFF,
                capacity=Capacity.AUTHOR if owner else None, password_hash=self.password_hash,
                email_confirmed_at=NOON, country="DE", tax_state=TaxState.PRIVATE,
                terms_version=terms, terms_accepted_at=NOON if owner else None, created_at=NOON,
            )  # fmt: skip
            session.add(account)
            session.flush()
            return account.actor


@pytest.fixture
def people(runtime: Runtime, password_hash: str) -> People:
    return People(runtime, password_hash)


@pytest.fixture
def owner(people: People) -> Actor:
    return people.person("ada@example.org")


@pytest.fixture
def desk(runtime: Runtime) -> Flask:
    return kept("works", _desk, runtime)


def _desk(runtime: Runtime) -> Flask:
    return make_app(
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
                accounts_desk,
                works_rights_holder,
                works_operator,
            ),
            log_in_endpoint="accounts_public.log_in",
        ),
    )


class Browser:
    """A client that brings the form's token along, as a browser does."""

    def __init__(self, desk: Flask) -> None:
        self.client = desk.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def post(self, path: str, data: dict[str, Any], *, to: str = "", **headers: str) -> TestResponse:
        token = TOKEN.search(self.page(path))
        assert token, f"{path} has no form"
        return self.client.post(to or path, data=data | {"csrf_token": token[1]}, headers=headers)

    def log_in(self, email: str) -> Browser:
        answer = self.post("/log-in", {"email": email, "password": PASSWORD})
        assert answer.status_code == 303
        pass_second_step(self.client, answer, email)
        return self

    def upload(self, *files: tuple[str, bytes], **fields: Any) -> TestResponse:
        """As a plain form; with ``Accept`` as a script."""
        accept = {"Accept": fields.pop("accept")} if "accept" in fields else {}
        sent = [(io.BytesIO(data), name) for name, data in files]
        return self.post("/photographs/upload", {"photographs": sent, **fields}, **accept)


@pytest.fixture
def browser(desk: Flask, owner: Actor) -> Browser:
    """Signed in as ``owner``."""
    return Browser(desk).log_in("ada@example.org")


@dataclass
class Intake:
    """Takes files in as the desk does, without HTTP."""

    runtime: Runtime
    owner: Actor

    def __call__(
        self, data: bytes, name: str | None = "photo.jpg", *, owner: Actor | None = None
    ) -> UploadRecord:
        sent = intake.Sent(name, io.BytesIO(data), new_id())
        return intake.take_in(self.runtime, sent, owner or self.owner, NOON)

    def count(self, model: type[Base]) -> int:
        with self.runtime.database.reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def take_in(runtime: Runtime, owner: Actor) -> Intake:
    return Intake(runtime, owner)
