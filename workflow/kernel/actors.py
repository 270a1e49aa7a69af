"""Who acts. The five roles of the product and the public that has not said who it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """One sentence each; rights are tables that name these."""

    #: Owns photographs, judges hits, submits cases, is paid.
    RIGHTS_HOLDER = "rights_holder"
    #: Is written to; may be innocent; acts with reference and secret code.
    INFRINGER = "infringer"
    #: Law firm or collector; sees the mandates given to it.
    LEGAL_PARTNER = "legal_partner"
    #: Staff of the one who runs the instance.
    OPERATOR = "operator"
    #: The ticker and the worker: deadlines, payments, events.
    SYSTEM = "system"
    #: Anybody, not signed in.
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Actor:
    """One acting person or part; ``name`` is what the audit line shows.

    ``rank`` narrows what a member of a role may do, where the table of permissions says so.
    """

    role: Role
    id: str
    name: str = ""
    rank: str = ""


#: What acts when nobody does.
SYSTEM = Actor(Role.SYSTEM, "system", "Lichtbild")
