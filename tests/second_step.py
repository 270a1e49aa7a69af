"""What a person does after the password: reads the code of the app and types it."""

from __future__ import annotations

import re
from datetime import timedelta

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from workflow.accounts import one_time
from workflow.accounts.queries import account_by_email
from workflow.accounts.services import factors
from workflow.kernel.clock import FrozenClock
from workflow.kernel.runtime import Runtime

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def code_for(runtime: Runtime, email: str) -> str:
    """The code the person's app shows; when it was used already, they wait for the next one."""
    with runtime.database.reading() as session:
        account = account_by_email(session, email)
        assert account is not None, email
        held = factors.active_secret(session, runtime.secrets, account.id)
        proposed = factors.proposed_secret(session, runtime.secrets, account.id)
    if held is None:
        assert proposed is not None, f"{email} has no second factor"
        return one_time.code_of_step(proposed, one_time.step_at(runtime.clock.wall()))
    secret, last = held
    while last >= one_time.step_at(runtime.clock.wall()):
        wait(runtime)
    return one_time.code_of_step(secret, one_time.step_at(runtime.clock.wall()))


def wait(runtime: Runtime, seconds: int = one_time.STEP_SECONDS) -> None:
    """Let real time pass; business time stays where the story is."""
    assert isinstance(runtime.clock, FrozenClock)
    runtime.clock._wall += timedelta(seconds=seconds)


def pass_second_step(client: FlaskClient, answer: TestResponse, email: str) -> TestResponse:
    """Follow the answer of the log-in form through the second step, if there is one."""
    if not str(answer.location or "").startswith(("/log-in/code", "/log-in/second-factor")):
        return answer
    runtime = client.application.extensions["runtime"]
    page = client.get(answer.location).get_data(as_text=True)
    token = TOKEN.search(page)
    assert token, "the page of the second step has no form"
    sent = {"csrf_token": token[1], "code": code_for(runtime, email), "next": ""}
    done = client.post(answer.location.partition("?")[0], data=sent)
    assert done.status_code in (200, 303), done.get_data(as_text=True)
    return done
