"""One visit to the portal, as a browser would make it: pages, forms with their tokens, the card page."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit

import waitress
from lxml import html
from werkzeug.test import Client, TestResponse

from workflow.app import create_portal
from workflow.cases.letters import code_of
from workflow.cases.models import Case
from workflow.kernel.runtime import Runtime
from workflow.money.stripe_standin import start_standin

TEST_CARD = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
WEBHOOK_PATH = "/webhooks/stripe"


class PortalVisit:
    """The portal app, and the stand-in that reports payments to it over loopback."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._app = create_portal(runtime)
        self._client = Client(self._app)
        self._base = runtime.config.portal_url

    def __enter__(self) -> Self:
        config = self._runtime.config
        host = urlsplit(config.portal_url).hostname
        self._server = waitress.create_server(self._app, host="127.0.0.1", port=0, threads=2, ident=None)
        port = self._server.effective_port
        threading.Thread(target=self._server.run, name="portal", daemon=True).start()
        self._standin = start_standin(
            config.instance_dir / "standin.sqlite",
            f"http://{host}:{port}{WEBHOOK_PATH}",
            config.stripe_webhook_secret,
            config.stripe_secret_key,
            port=config.standin_port,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._standin.close()
        self._server.close()

    def enter(self, case_id: uuid.UUID) -> None:
        """Type reference and code, as they stand in the letter."""
        with self._runtime.database.reading() as session:
            case = session.get_one(Case, case_id)
            reference, code = case.reference, code_of(session, self._runtime.vault, case)
        answer = self._submit(f"/c/{reference}", {"reference": reference, "code": code})
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text

    def pay(self, work: Callable[[], int]) -> None:
        """Choose to pay, wait for the card page, pay there by the test card."""
        answer = self._submit("/pay", {})
        waiting = urlsplit(answer.location).path
        work()  # the worker makes the card page
        page = self._get(waiting).text
        [link] = re.findall(r'href="(http://127\.0\.0\.1:\d+/[^"]+)"', page)[:1]
        self._pay_by_card(link)

    def ask(self, text: str) -> None:
        """Ask a question."""
        answer = self._submit("/answer/ask", {"topic": "question", "text": text})
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text

    def _get(self, path: str) -> TestResponse:
        return self._client.get(path, base_url=self._base)

    def _submit(self, path: str, values: dict[str, str]) -> TestResponse:
        """Fetch the page, fill the form that takes these values, send it."""
        form = _form_for(self._get(path).text, values)
        target = form.get("action") or path
        data = {**_hidden(form), **values}
        return self._client.post(target, base_url=self._base, data=data)

    @staticmethod
    def _pay_by_card(link: str) -> None:
        where = urlsplit(link)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=20)
        try:
            connection.request("GET", where.path)
            page = connection.getresponse()
            form = _form_for(page.read().decode(), TEST_CARD)
            cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
            body = urlencode({**_hidden(form), **TEST_CARD})
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
            connection.request("POST", str(form.get("action")), body, headers)
            answer = connection.getresponse()
            assert answer.status == HTTPStatus.SEE_OTHER, answer.read().decode()
        finally:
            connection.close()


def _form_for(page: str, values: dict[str, str]) -> html.HtmlElement:
    root = html.document_fromstring(page)
    assert isinstance(root, html.HtmlElement)
    forms = root.forms
    fitting = [
        form for form in forms if form.method.lower() == "post" and set(values) <= set(form.fields.keys())
    ]
    chosen = fitting if values else [form for form in forms if str(form.get("action", "")).endswith("/pay")]
    assert chosen, "the page has no such form"
    return chosen[0]


def _hidden(form: html.HtmlElement) -> dict[str, str]:
    return {
        str(field.get("name")): str(field.get("value", ""))
        for field in form.xpath(".//input[@type='hidden']")
    }
