"""The words of accounts."""

from __future__ import annotations

from enum import StrEnum

from workflow.kernel.said import say


class AccountKind(StrEnum):
    """Who stands behind an account."""

    #: One person who takes photographs.
    PHOTOGRAPHER = "photographer"
    #: Represents several photographers.
    AGENCY = "agency"
    #: Publishes and owns exclusive rights.
    PUBLISHER = "publisher"
    #: Sells goods with photographs of its own.
    SHOP = "shop"
    #: Works for the operator or a legal partner.
    STAFF = "staff"


class Capacity(StrEnum):
    """By what right an owner acts."""

    #: Took the photographs.
    AUTHOR = "author"
    #: Holds exclusive rights of use.
    EXCLUSIVE_LICENSEE = "exclusive_licensee"
    #: Acts for the owner by mandate.
    REPRESENTATIVE = "representative"


class TaxState(StrEnum):
    """What an owner's credit note must show."""

    #: No business: no VAT.
    PRIVATE = "private"
    #: Business below the VAT threshold: no VAT shown.
    SMALL_BUSINESS = "small_business"
    #: Business with a VAT number.
    VAT_REGISTERED = "vat_registered"


class LegalBasis(StrEnum):
    """By what right the operator writes letters."""

    #: Enforces photographs of its own.
    OWN_RIGHTS = "own_rights"
    #: Agency with assigned or exclusive rights.
    AGENCY = "agency"
    #: Debt collector registered with the authority.
    REGISTERED_COLLECTOR = "registered_collector"
    #: Law firm.
    LAW_FIRM = "law_firm"


#: Who must be found in a register before it may collect for others.
REGISTERED = (LegalBasis.REGISTERED_COLLECTOR, LegalBasis.LAW_FIRM)


class Rank(StrEnum):
    """What a member of the office may do; the table of permissions names these."""

    #: Everything, people and set-up included.
    ADMINISTRATOR = "administrator"
    #: Checks, prices and answers cases; posts letters.
    REVIEWER = "reviewer"
    #: Payments, refunds and payouts.
    CASHIER = "cashier"


class Standing(StrEnum):
    """How somebody stands to this instance."""

    #: Was sent a link and has not taken it yet.
    INVITED = "invited"
    #: Signed up; the address was not confirmed yet.
    UNCONFIRMED = "unconfirmed"
    #: Can sign in.
    ACTIVE = "active"
    #: Cannot sign in any more; what they did stays under their name.
    DEACTIVATED = "deactivated"


class SessionStage(StrEnum):
    """How far a browser has come in."""

    #: Signed in.
    OPEN = "open"
    #: The password fitted; the code of the second factor is missing.
    CODE = "code"
    #: The password fitted; the second factor must be set up first.
    ENROL = "enrol"


class LinkPurpose(StrEnum):
    """What a link in a mail is for."""

    #: Proves the address of a new account.
    CONFIRM = "confirm"
    #: Sets a new password after the old one was forgotten.
    NEW_PASSWORD = "new_password"  # noqa: S105 - a word, not a secret
    #: Lets a member of staff choose the first password.
    INVITATION = "invitation"


#: How the words above are written on pages.
LABELS: dict[StrEnum, str] = {
    AccountKind.PHOTOGRAPHER: say("Photographer"),
    AccountKind.AGENCY: say("Agency"),
    AccountKind.PUBLISHER: say("Publisher"),
    AccountKind.SHOP: say("Shop"),
    AccountKind.STAFF: say("Staff"),
    Capacity.AUTHOR: say("I took the photographs"),
    Capacity.EXCLUSIVE_LICENSEE: say("I hold exclusive rights"),
    Capacity.REPRESENTATIVE: say("I represent the owner"),
    TaxState.PRIVATE: say("Private person, no VAT"),
    TaxState.SMALL_BUSINESS: say("Small business, no VAT shown"),
    TaxState.VAT_REGISTERED: say("Business with a VAT number"),
    LegalBasis.OWN_RIGHTS: say("Own rights: we enforce our own photographs"),
    LegalBasis.AGENCY: say("Agency: rights were assigned to us"),
    LegalBasis.REGISTERED_COLLECTOR: say("Registered collector of debts"),
    LegalBasis.LAW_FIRM: say("Law firm"),
    Standing.INVITED: say("Invited"),
    Standing.UNCONFIRMED: say("Not confirmed"),
    Standing.ACTIVE: say("Active"),
    Standing.DEACTIVATED: say("Deactivated"),
    Rank.ADMINISTRATOR: say("Administrator: everything, people and set-up included"),
    Rank.REVIEWER: say("Reviewer: cases, offers, letters and answers"),
    Rank.CASHIER: say("Cashier: payments, refunds and payouts"),
}

#: The ranks in one word, where there is no room for what they may do.
SHORT_RANKS: dict[Rank, str] = {
    Rank.ADMINISTRATOR: say("Administrator"),
    Rank.REVIEWER: say("Reviewer"),
    Rank.CASHIER: say("Cashier"),
}

#: What a letter says beside the sender's name; empty = nothing to say.
LEGAL_LINES: dict[LegalBasis, str] = {
    LegalBasis.OWN_RIGHTS: "",
    LegalBasis.AGENCY: say("Picture agency"),
    LegalBasis.REGISTERED_COLLECTOR: say("Registered debt collection service (§ 10 RDG)"),
    LegalBasis.LAW_FIRM: say("Law firm"),
}
