"""Blueprints with a role, routes with a permission: whoever forgets to say either does not even start."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, redirect, request, url_for

from workflow.kernel.access import Doors, Permission, authorise
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound, ProofNeeded
from workflow.web.current import SAFE_METHODS, actor, signed_in, wall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

#: Forms can do no others, so links, buttons and tests need no others.
ALLOWED_METHODS = SAFE_METHODS | {"POST"}


#: Dangerous steps ask for password (and code) again after this long.
PROOF = timedelta(minutes=10)


class RoleBlueprint(Blueprint):
    """A blueprint for exactly one role (``PUBLIC`` = anybody); made by :func:`role_blueprint`."""

    def __init__(
        self,
        name: str,
        import_name: str,
        roles: frozenset[Role],
        url_prefix: str,
        reads: Permission | None = None,
    ) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix or None)
        self.roles = roles
        self.reads = Doors.OPEN if Role.PUBLIC in roles else reads
        #: The permission of every endpoint, by its name within the blueprint and the kind of request.
        self.actions: dict[tuple[str, bool], Permission] = {}
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
        """As in Flask, with ``action``: the permission the route needs.

        Pages that only read may leave it to the blueprint's ``reads``. Methods other than GET and POST,
        and routes without a permission, are refused at the start.
        """
        methods = {method.upper() for method in options.get("methods") or ("GET",)}
        assert methods <= ALLOWED_METHODS, f"{self.name}{rule}: GET reads, POST writes, no others"
        named: Permission | None = options.pop("action", None)
        for writes in {method not in SAFE_METHODS for method in methods}:
            action = named or (self.reads if not writes or self.public else None)
            if action is None:
                msg = (
                    f"{self.name}{rule} does not say which permission it needs: give the route action=May.…, "
                    "a row of workflow/accounts/permissions.py."
                )
                raise TypeError(msg)
            if not action.roles & self.roles:
                msg = f"{self.name}{rule}: nobody who may enter holds “{action}”."
                raise TypeError(msg)
            name = endpoint or (view_func.__name__ if view_func else "")
            self.actions[name, writes] = action
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
        endpoint = (request.endpoint or "").rpartition(".")[2]
        allow(self.actions[endpoint, request.method not in SAFE_METHODS])
        return None


def allow(action: Permission, session: Session | None = None, subject: object | None = None) -> None:
    """Let whoever asks do this, or raise ``NotFound``, ``NotAllowed`` or (dangerous steps) ``ProofNeeded``.

    Every route passes here with its permission; a route with steps of several kinds asks for each again.
    """
    authorise(session, actor(), action, subject)
    if action.dangerous and request.method not in SAFE_METHODS and not proved_lately():
        raise ProofNeeded


def proved_lately() -> bool:
    """Whether a dangerous step would pass without asking again who it is."""
    person = signed_in()
    return person is not None and person.proved_at is not None and wall() - person.proved_at <= PROOF


def role_blueprint(
    name: str,
    import_name: str,
    *,
    role: Role | Sequence[Role],
    url_prefix: str = "",
    reads: Permission | None = None,
) -> RoleBlueprint:
    """A blueprint that only ``role`` (or one of several) may enter; ``Role.PUBLIC`` = anybody.

    ``reads`` is the permission of its GET pages that name no other.
    """
    roles = frozenset({role} if isinstance(role, Role) else role)
    if not roles or not all(isinstance(each, Role) for each in roles):
        msg = f"Blueprint {name} does not say which role may enter."
        raise TypeError(msg)
    return RoleBlueprint(name, import_name, roles, url_prefix, reads)


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
