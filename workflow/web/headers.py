"""The headers every answer carries: what a browser may load, keep, frame and tell others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import g, request

if TYPE_CHECKING:
    from flask import Flask, Response

STATIC_SECONDS = 600
HSTS_SECONDS = 31_536_000

#: Nothing is allowed but our own files; no inline script, no inline style, no foreign frame.
POLICY: dict[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}

FIXED: dict[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
    "interest-cohort=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def content_policy(extra: Mapping[str, str] | None = None) -> str:
    """The policy as one line; ``extra`` appends sources, such as the checkout's host for forms."""
    extra = extra or {}
    unknown = set(extra) - set(POLICY)
    assert not unknown, f"no such directive: {unknown}"
    return "; ".join(
        f"{name} {sources} {extra[name]}".rstrip() if name in extra else f"{name} {sources}"
        for name, sources in POLICY.items()
    )


def install(app: Flask, *, csp_extra: Mapping[str, str] | None, https: bool) -> None:
    """Put the headers on every answer of ``app``, error pages included."""
    policy = content_policy(csp_extra)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        for name, value in FIXED.items():
            response.headers.setdefault(name, value)
        if https:
            response.headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"
        response.headers["X-Request-Reference"] = g.get("reference", "")
        _set_caching(response)
        return response


def _set_caching(response: Response) -> None:
    """Files are kept a while; pages never, unless a view of pictures says ``private`` itself."""
    if request.endpoint == "static":
        response.cache_control.public = True
        response.cache_control.max_age = STATIC_SECONDS
        response.cache_control.no_cache = None
        return
    response.vary.add("Cookie")
    if response.cache_control.private and not response.cache_control.public:
        return
    response.headers["Cache-Control"] = "no-store"
