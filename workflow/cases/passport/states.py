"""How far an entry reaches."""

from __future__ import annotations

from enum import StrEnum

from workflow.kernel.said import say


class Scope(StrEnum):
    """What of a site is covered for one photograph."""

    #: Every page of the site: a licence was shown and accepted.
    SITE = "site"
    #: The page of the case: whatever the reason was, no second claim is made for it.
    PAGE = "page"


SCOPE_WORDS = {
    Scope.SITE: say("Every page of the site"),
    Scope.PAGE: say("This page"),
}
