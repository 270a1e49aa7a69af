"""A limit on every route, counted by address; a stricter one where guessing would pay."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import request
from flask_limiter import Limiter

if TYPE_CHECKING:
    from flask import Flask, Response

#: Per address and route; a person clicks slower, a program that does not is told to wait.
DEFAULT_LIMIT = "600/minute"
#: What a form without files may weigh; :func:`max_bytes` raises it for uploads.
FORM_BYTES = 512 * 1024

View = TypeVar("View", bound=Callable[..., Any])


def source() -> str:
    """Who is counted: an IPv4 address, or the /64 an IPv6 address lies in."""
    try:
        address = ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - a stand-in, not a bind
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)


limiter = Limiter(source, default_limits=[DEFAULT_LIMIT], strategy="fixed-window")


def limit(
    rule: str,
    *,
    key: Callable[[], str] | None = None,
    failures_only: bool = False,
    scope: str | None = None,
) -> Callable[[View], View]:
    """Allow a POST route ``rule`` (such as ``5/minute``) per source, or per ``key()``.

    ``failures_only`` counts only answers that are not a redirect: success costs nothing.
    """
    decorator = limiter.limit(
        rule,
        key_func=key or source,
        methods=["POST"],
        deduct_when=_failed if failures_only else None,
        override_defaults=False,
        scope=scope,
    )
    return cast("Callable[[View], View]", decorator)


def _failed(response: Response) -> bool:
    return response.status_code not in (302, 303)


def max_bytes(count: int) -> Callable[[View], View]:
    """Let this route accept bodies up to ``count`` bytes; read before the form is parsed."""

    def mark(view: View) -> View:
        @wraps(view)
        def marked(*args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs)

        marked.max_bytes = count  # type: ignore[attr-defined]
        return cast("View", marked)

    return mark


def install(app: Flask, *, storage_url: str) -> None:
    """Count in memory (one process) or in Redis (``storage_url``), by configuration.

    While Redis does not answer each process counts for itself: pages work, and limits stay limits.
    """
    app.config["RATELIMIT_STORAGE_URI"] = storage_url or "memory://"
    if storage_url:
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_timeout": 1, "socket_connect_timeout": 1}
        app.config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = True
    app.config["MAX_CONTENT_LENGTH"] = FORM_BYTES

    @app.before_request
    def set_body_limit() -> None:
        view = app.view_functions.get(request.endpoint or "")
        request.max_content_length = getattr(view, "max_bytes", FORM_BYTES)
        large = request.max_content_length or FORM_BYTES
        request.max_form_parts = 1000 if large <= FORM_BYTES else 5000

    limiter.init_app(app)
