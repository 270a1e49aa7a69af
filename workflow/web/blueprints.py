"""Blueprints with a role: whoever forgets to say who may enter cannot even build one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, redirect, request, url_for

from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound
from workflow.web.current import SAFE_METHODS, signed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from werkzeug.wrappers import Response

#: Forms can do no others, so links, buttons and tests need no others.
ALLOWED_METHODS = SAFE_METHODS | {"POST"}


class RoleBlueprint(Blueprint):
    """A blueprint for exactly one role (``PUBLIC`` = anybody); made by :func:`role_blueprint`."""

    def __init__(self, name: str, import_name: str, roles: frozenset[Role], url_prefix: str) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix or None)
        self.roles = roles
        self.before_request(self._admit)

    @property
    def public(self) -> bool:
        """Whether anybody may enter."""
        return Role.PUBLIC in self.roles

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """As in Flask; methods other than GET and POST are refused at the start."""
        methods = {method.upper() for method in options.get("methods") or ("GET",)}
        assert methods <= ALLOWED_METHODS, f"{self.name}{rule}: GET reads, POST writes, no others"
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)

    def _admit(self) -> Response | None:
        """Let the role in; others see a log-in page, or nothing at all if signed in as another."""
        if self.public:
            return None
        person = signed_in()
        if person is None:
            return _to_log_in()
        if person.actor.role not in self.roles:
            raise NotFound
        return None


def role_blueprint(
    name: str, import_name: str, *, role: Role | Sequence[Role], url_prefix: str = ""
) -> RoleBlueprint:
    """A blueprint that only ``role`` (or one of several) may enter; ``Role.PUBLIC`` = anybody."""
    roles = frozenset({role} if isinstance(role, Role) else role)
    if not roles or not all(isinstance(each, Role) for each in roles):
        msg = f"Blueprint {name} does not say which role may enter."
        raise TypeError(msg)
    return RoleBlueprint(name, import_name, roles, url_prefix)


def own_path(target: str | None) -> str | None:
    """``target`` if it is a path on this very host, else ``None``: we never redirect elsewhere."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(ord(sign) < ord(" ") for sign in target):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None


def _to_log_in() -> Response:
    """A page asks to sign in and comes back; a form that was sent is told that nothing was kept."""
    if request.method not in SAFE_METHODS or request.accept_mimetypes.best == "application/json":
        abort(401)
    endpoint: str = current_app.extensions["log_in_endpoint"]
    back = request.full_path.rstrip("?")
    return redirect(url_for(endpoint, next=back if back != "/" else None), code=303)
