"""The body both apps share; ``workflow/app.py`` gives it a name, a runtime and its blueprints."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import Forbidden
from werkzeug.middleware.proxy_fix import ProxyFix

from workflow.config import ROOT
from workflow.web import errors, headers, languages, limits, rendering, watching
from workflow.web.blueprints import RoleBlueprint
from workflow.web.current import SAFE_METHODS
from workflow.web.health import Condition, health

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workflow.kernel.runtime import Runtime
    from workflow.web.current import SignedIn, SignedInLoader
    from workflow.web.rendering import NavItem

STATIC = Path(__file__).resolve().parent / "static"
DEFAULT_ZONE = "Europe/Berlin"


def _no_nav(_person: SignedIn | None) -> Sequence[NavItem]:
    return ()


def _default_zone() -> str:
    return DEFAULT_ZONE


def _default_languages() -> Sequence[str]:
    return (languages.ENGLISH,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What makes one app differ from the other."""

    #: Where people reach it, such as ``https://desk.example.org``; other hosts get 400.
    site_url: str
    cookie_name: str
    signed_in_loader: SignedInLoader
    blueprints: Sequence[RoleBlueprint]
    #: Endpoint of the page that signs people in.
    log_in_endpoint: str
    #: Further sources by directive, such as the checkout's host for ``form-action``.
    csp_extra: Mapping[str, str] = field(default_factory=dict)
    nav: Callable[[SignedIn | None], Sequence[NavItem]] = _no_nav
    zone_name: Callable[[], str] = _default_zone
    #: The instance's languages, the first one first.
    languages: Callable[[], Sequence[str]] = _default_languages
    #: Endpoints whose POSTs are signed by others (webhooks): no CSRF token, no origin check.
    csrf_exempt: frozenset[str] = frozenset()
    #: How many proxies of ours stand in front and set X-Forwarded-*; 0 = believe none.
    proxies: int = 0
    #: What ``/ready`` and ``/metrics`` tell beyond the process itself.
    condition: Condition = field(default_factory=Condition)


def make_app(name: str, runtime: Runtime, shape: Shape) -> Flask:
    """An app with every guard in place; whatever ``shape`` forgets stops the start."""
    site = urlsplit(shape.site_url)
    assert site.hostname, f"{shape.site_url} is not an address"
    https = site.scheme == "https"
    app = Flask(name, template_folder=str(ROOT / "templates"), static_folder=str(STATIC),
                static_url_path="/static")  # fmt: skip
    app.config.update(
        SECRET_KEY=runtime.config.secret_key,
        SERVER_NAME=site.netloc,
        PREFERRED_URL_SCHEME=site.scheme,
        PROPAGATE_EXCEPTIONS=False,
        # The prefix __Host- binds the cookie to this very host; browsers want https for it.
        SESSION_COOKIE_NAME=f"__Host-{shape.cookie_name}" if https else shape.cookie_name,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        SESSION_REFRESH_EACH_REQUEST=False,
        # The token lives as long as the session; the origin is checked below, on http as well.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_CHECK_DEFAULT=False,
        MAX_FORM_MEMORY_SIZE=500_000,
    )
    app.extensions["runtime"] = runtime
    app.extensions["signed_in"] = shape.signed_in_loader
    app.extensions["log_in_endpoint"] = shape.log_in_endpoint
    app.extensions["condition"] = shape.condition
    watching.install(app)
    app.before_request(_host_check(site.hostname))
    limits.install(app, storage_url=runtime.config.redis_url)
    _protect_forms(app, site.netloc, shape.csrf_exempt)
    languages.install(app, shape.languages)
    rendering.install(app, nav=shape.nav, zone_name=shape.zone_name)
    headers.install(app, csp_extra=shape.csp_extra, https=https)
    errors.install(app)
    _register(app, shape)
    if shape.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=shape.proxies, x_proto=shape.proxies
        )
    return app


def _host_check(hostname: str) -> Callable[[], Response | None]:
    def check() -> Response | None:
        """Refuse a foreign ``Host``: plain text, since no address of ours may be built from it."""
        asked = urlsplit(f"//{request.host}")
        if asked.hostname == hostname:
            return None
        text = f"This address is not served here. Reference {g.reference}.\n"
        return Response(text, status=400, mimetype="text/plain")

    return check


def _protect_forms(app: Flask, own_host: str, exempt: frozenset[str]) -> None:
    """Every POST brings the session's token and does not come from another site."""
    csrf = CSRFProtect(app)

    @app.before_request
    def protect() -> None:
        if request.method in SAFE_METHODS or request.endpoint in exempt or not request.endpoint:
            return
        fetched_from = request.headers.get("Sec-Fetch-Site")
        origin = request.headers.get("Origin")
        if fetched_from is not None:
            if fetched_from not in ("same-origin", "none"):
                raise Forbidden
        elif origin is not None and urlsplit(origin).netloc not in (own_host, request.host):
            raise Forbidden
        csrf.protect()


def _register(app: Flask, shape: Shape) -> None:
    for blueprint in (health, languages.language_choice, *shape.blueprints):
        assert isinstance(blueprint, RoleBlueprint), f"{blueprint.name} has no role"
        app.register_blueprint(blueprint)
    known = set(app.view_functions)
    missing = ({shape.log_in_endpoint} | shape.csrf_exempt) - known
    assert not missing, f"{app.name} names endpoints it does not have: {missing}"
