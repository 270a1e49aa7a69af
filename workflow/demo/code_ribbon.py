"""The code an authenticator app would show, for whoever tries the demo; never on a real instance."""

from __future__ import annotations

from typing import Any

from workflow.demo import people
from workflow.kernel.actors import Role
from workflow.web.blueprints import role_blueprint
from workflow.web.current import reading, runtime

#: Has no page of its own: it gives the page that asks for the code one more name.
demo_codes = role_blueprint("demo_codes", __name__, role=Role.PUBLIC)


@demo_codes.app_context_processor
def names() -> dict[str, Any]:
    """``demo_code(email)`` in templates of a demo."""
    assert runtime().config.demo
    return {"demo_code": code_of}


def code_of(email: str) -> str | None:
    """What would be taken now for one of the demo's people; ``None`` for anybody else."""
    with reading() as session:
        return people.next_code(session, runtime(), email)
