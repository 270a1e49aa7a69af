"""What was done to an account and its safety: one line in its chain, and a mail to the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from workflow.accounts.mails import post_mail
from workflow.accounts.models import Account
from workflow.kernel import audit
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
    context = {"name": account.name, "what": to_person or label, "who": actor.name}
    key = f"mail:security:{account.id}:{action}:{at.wall.timestamp():.6f}"
    post_mail(session, account, "security_notice", context, at.wall, key=key)
