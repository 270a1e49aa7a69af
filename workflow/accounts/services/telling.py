"""What was done to an account and its safety: one line in its chain, and a mail to the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from workflow.accounts.models import Account
from workflow.kernel import audit, outbox
from workflow.kernel.actors import Actor

if TYPE_CHECKING:
    from workflow.accounts.services.factors import Moments


def tell(
    session: Session,
    account: Account,
    action: str,
    actor: Actor,
    at: Moments,
    label: str,
    *,
    before: str = "",
    after: str = "",
    to_person: str = "",
) -> None:
    """Write it down and mail it: whoever did not do this should hear of it.

    ``to_person`` is said in the mail instead of ``label``.
    """
    audit.record(
        session, "account", account.id, action, actor, at.now, label=label, before=before, after=after
    )
    payload = {
        "to": account.email,
        "template": "security_notice",
        "context": {"name": account.name, "what": to_person or label, "who": actor.name},
        "attachments": [],
    }
    moment = f"{at.wall.timestamp():.6f}"
    outbox.post(session, "mail", payload, key=f"mail:security:{account.id}:{action}:{moment}", now=at.wall)
