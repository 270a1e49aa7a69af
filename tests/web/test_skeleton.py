"""What the skeleton refuses at the start, and what it answers afterwards."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from flask import Blueprint, Response, redirect, request
from sqlalchemy import text

from workflow.accounts.permissions import May
from workflow.kernel.access import Doors
from workflow.kernel.actors import Role
from workflow.kernel.errors import Conflict, NotFound, Refused, Stale, Unavailable
from workflow.web import current
from workflow.web.blueprints import own_path, role_blueprint
from workflow.web.limits import limit, max_bytes

if TYPE_CHECKING:
    from tests.web.conftest import MakeSite


def test_a_blueprint_without_a_role_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        role_blueprint("open", __name__)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="which role"):
        role_blueprint("open", __name__, role=[])
    with pytest.raises(TypeError, match="which role"):
        role_blueprint("open", __name__, role=["operator"])  # type: ignore[list-item]


def test_a_plain_blueprint_is_not_taken(make_site: MakeSite) -> None:
    with pytest.raises(AssertionError, match="has no role"):
        make_site(Blueprint("plain", __name__))  # type: ignore[arg-type]


def test_only_get_and_post() -> None:
    pages = role_blueprint("pages", __name__, role=Role.PUBLIC)
    with pytest.raises(AssertionError, match="GET reads, POST writes"):
        pages.add_url_rule("/x", "x", str, methods=["DELETE"])


def test_a_route_without_a_permission_stops_the_start() -> None:
    pages = role_blueprint("pages", __name__, role=Role.OPERATOR)
    with pytest.raises(TypeError, match="does not say which permission"):
        pages.add_url_rule("/files", "files", lambda: "x")
    pages.add_url_rule("/files", "files", lambda: "x", action=May.CASES_REVIEW)
    reading = role_blueprint("reading", __name__, role=Role.OPERATOR, reads=May.CASES_READ)
    reading.add_url_rule("/files", "files", lambda: "x")
    with pytest.raises(TypeError, match="does not say which permission"):
        reading.add_url_rule("/files", "send", lambda: "x", methods=["POST"])
    with pytest.raises(TypeError, match="nobody who may enter"):
        reading.add_url_rule("/hits", "hits", lambda: "x", action=May.HITS_JUDGE)


def test_a_missing_log_in_page_stops_the_start(make_site: MakeSite) -> None:
    with pytest.raises(AssertionError, match="does not have"):
        make_site(log_in_endpoint="front.nowhere")


def test_roles_are_admitted_and_others_see_nothing(make_site: MakeSite) -> None:
    pages = role_blueprint("pages", __name__, role=(Role.OPERATOR, Role.LEGAL_PARTNER), reads=Doors.OPEN)
    pages.add_url_rule("/files", "files", lambda: current.actor().role.value)
    client = make_site(pages).test_client()
    assert client.get("/files?a=1").location == "/log-in?next=/files?a%3D1"
    client.get("/become/rights_holder")
    assert client.get("/files").status_code == 404
    client.get("/become/legal_partner")
    assert client.get("/files").text == "legal_partner"


def test_a_page_that_would_write_is_a_bug_and_a_reading_session_cannot(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    pages = role_blueprint("pages", __name__, role=Role.PUBLIC)

    @pages.get("/writes")
    def writes() -> str:
        with current.writing() as session:
            session.execute(text("CREATE TABLE kept (n INTEGER)"))
        return "written"

    @pages.get("/sneaks")
    def sneaks() -> str:
        with current.reading() as session:
            session.execute(text("CREATE TABLE kept (n INTEGER)"))
        return "written"

    client = make_site(pages).test_client()
    with caplog.at_level(logging.ERROR):
        for path in ("/writes", "/sneaks"):
            answer = client.get(path)
            assert answer.status_code == 500
            assert answer.headers["X-Request-Reference"] in answer.text
            assert answer.headers["X-Request-Reference"] in caplog.text
            assert "Traceback" not in answer.text
            assert "CREATE TABLE" not in answer.text


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (Refused("The picture is missing.", "The price is missing."), 422, "The price is missing."),
        (Stale(), 409, "changed while you were looking"),
        (Conflict("Two payments are open."), 409, "Two payments are open."),
        (NotFound("This case"), 404, "This case does not exist."),
        (Unavailable("The vault does not answer."), 503, "The vault does not answer."),
    ],
)
def test_domain_words_become_pages(make_site: MakeSite, error: Exception, code: int, words: str) -> None:
    pages = role_blueprint("pages", __name__, role=Role.PUBLIC)

    @pages.get("/fails")
    def fails() -> str:
        raise error

    client = make_site(pages).test_client()
    answer = client.get("/fails", headers={"Referer": "http://desk.localhost:8000/before?x=1"})
    assert answer.status_code == code
    assert words in answer.text
    assert 'href="/before?x=1"' in answer.text
    foreign = client.get("/fails", headers={"Referer": "https://evil.example/before"})
    assert "/before" not in foreign.text
    told = client.get("/fails", headers={"Accept": "application/json"})
    assert words in told.get_json()["reasons"][-1]


def test_a_limit_counts_posts_per_source(make_site: MakeSite) -> None:
    pages = role_blueprint("pages", __name__, role=Role.PUBLIC)

    @pages.route("/guess", methods=["GET", "POST"])
    @limit("3/minute")
    def guess() -> str:
        return "no"

    client = make_site(pages, csrf_exempt=frozenset({"pages.guess"})).test_client()

    def post(address: str) -> int:
        return client.post("/guess", environ_base={"REMOTE_ADDR": address}).status_code

    assert [post("192.0.2.1") for _ in range(5)] == [200, 200, 200, 429, 429]
    assert client.get("/guess", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200
    assert post("192.0.2.2") == 200
    assert [post(f"2001:db8::{n}") for n in range(1, 6)] == [200, 200, 200, 429, 429]
    assert post("2001:db8:0:1::1") == 200
    assert [post("::ffff:192.0.2.1")] == [429]


def test_every_route_has_the_default_limit(make_site: MakeSite) -> None:
    client = make_site().test_client()
    codes = [client.get("/log-in").status_code for _ in range(601)]
    assert codes[:600] == [200] * 600
    assert codes[600] == 429


def test_bodies_are_limited_and_uploads_may_be_larger(make_site: MakeSite) -> None:
    pages = role_blueprint("pages", __name__, role=Role.PUBLIC)

    def size() -> str:
        return str(len(request.get_data()))

    pages.add_url_rule("/form", "form", size, methods=["POST"])
    pages.add_url_rule("/files", "files", max_bytes(3_000_000)(size), methods=["POST"])
    exempt = frozenset({"pages.form", "pages.files"})
    client = make_site(pages, csrf_exempt=exempt).test_client()
    assert client.post("/form", data=bytes(500_000)).text == "500000"
    assert client.post("/form", data=bytes(600_000)).status_code == 413
    assert client.post("/files", data=bytes(2_900_000)).text == "2900000"
    assert client.post("/files", data=bytes(3_000_001)).status_code == 413


def test_https_binds_the_cookie_and_is_kept(make_site: MakeSite) -> None:
    app = make_site(site_url="https://desk.example.org")
    client = app.test_client()
    answer = client.get("/become/operator", base_url="https://desk.example.org")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-lb_desk=")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_proxies_are_believed_only_when_configured(make_site: MakeSite) -> None:
    def seen(**changes: object) -> str:
        pages = role_blueprint("pages", __name__, role=Role.PUBLIC)
        pages.add_url_rule("/who", "who", lambda: request.remote_addr or "")
        client = make_site(pages, **changes).test_client()
        return client.get("/who", headers={"X-Forwarded-For": "198.51.100.1, 192.0.2.9"}).text

    assert seen() == "127.0.0.1"
    assert seen(proxies=1) == "192.0.2.9"


def test_further_sources_are_added_to_the_policy(make_site: MakeSite) -> None:
    app = make_site(csp_extra={"form-action": "https://pay.example.org"})
    policy = app.test_client().get("/log-in").headers["Content-Security-Policy"]
    assert "form-action 'self' https://pay.example.org;" in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    with pytest.raises(AssertionError, match="no such directive"):
        make_site(csp_extra={"script": "*"})


def test_pictures_may_be_kept_privately_but_never_publicly(make_site: MakeSite) -> None:
    pages = role_blueprint("pages", __name__, role=Role.PUBLIC)

    @pages.get("/picture/<how>")
    def picture(how: str) -> Response:
        answer = Response(b"x", mimetype="image/jpeg")
        answer.headers["Cache-Control"] = f"{how}, max-age=3600"
        return answer

    client = make_site(pages).test_client()
    assert client.get("/picture/private").headers["Cache-Control"] == "private, max-age=3600"
    assert client.get("/picture/public").headers["Cache-Control"] == "no-store"


def test_redirects_pass_and_health_answers(make_site: MakeSite) -> None:
    pages = role_blueprint("pages", __name__, role=Role.PUBLIC)
    pages.add_url_rule("/old", "old", lambda: redirect("/log-in", code=303))
    pages.add_url_rule("/folder/", "folder", lambda: "here")
    client = make_site(pages).test_client()
    assert client.get("/old").location == "/log-in"
    assert client.get("/folder").status_code == 308
    assert client.get("/healthz").text == "ok\n"
    wrong = client.post("/log-in?x=1")
    assert (wrong.status_code, "GET" in wrong.headers["Allow"]) == (405, True)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a?b=c", "/a?b=c"), ("", None), (None, None), ("a", None), ("//h", None), ("/\\h", None),
        ("http://h/", None), ("/a\nb", None), ("/%2f%2fh", "/%2f%2fh"),
    ],
)  # fmt: skip
def test_own_path(target: str | None, expected: str | None) -> None:
    assert own_path(target) == expected
