"""The signed link in a mail: it turns one kind of mail off, for one account, without signing in."""

from __future__ import annotations

import uuid

from itsdangerous import BadSignature, URLSafeSerializer

from workflow.accounts.notices import NoticeKind
from workflow.config import Config
from workflow.kernel.errors import NotFound
from workflow.kernel.said import say

SALT = "lichtbild.unsubscribe"


def unsubscribe_url(config: Config, account_id: uuid.UUID, kind: NoticeKind) -> str:
    """The address for the mail's header and for a mail program's own button."""
    token = _serializer(config).dumps([str(account_id), kind.value])
    return f"{config.desk_url}/unsubscribe/{token}"


def read_token(config: Config, token: str) -> tuple[uuid.UUID, NoticeKind]:
    """Whose mails of which kind; :class:`NotFound` for whatever we did not sign."""
    try:
        account_id, kind = _serializer(config).loads(token)
        return uuid.UUID(account_id), NoticeKind(kind)
    except (BadSignature, ValueError, TypeError) as wrong:
        raise NotFound(say("This link")) from wrong


def _serializer(config: Config) -> URLSafeSerializer:
    return URLSafeSerializer(config.secret_key, salt=SALT)
