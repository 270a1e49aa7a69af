"""The people of the demo world: plainly fictitious, with log-ins that the start prints."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.accounts.models import Account
from workflow.accounts.passwords import hash_password
from workflow.accounts.queries import account_by_email, current_terms
from workflow.accounts.services.joining import SignUp, confirm_email, create_operator, sign_up
from workflow.accounts.services.settings import OperatorSetUp, Profile, change_profile, save_set_up
from workflow.accounts.states import AccountKind, Capacity, LegalBasis, TaxState
from workflow.accounts.terms import seed_terms
from workflow.kernel.money import Currency
from workflow.kernel.runtime import Runtime


@dataclass(frozen=True, slots=True)
class LogIn:
    """An account of the demo and its password, which everybody may know."""

    role: str
    name: str
    email: str
    password: str


OWNER = LogIn("Photographer", "Demo Photographer", "photographer@example.org", "demo-paper-boat-24")
OPERATOR = LogIn("Operator", "Demo Operator", "operator@example.org", "demo-quiet-harbour-24")


def log_ins() -> tuple[LogIn, ...]:
    """Everybody who can sign in to the demo's desk."""
    return (OWNER, OPERATOR)


def settle_in(runtime: Runtime) -> tuple[Account, Account]:
    """Set up the operator and open the photographer's account, through the same doors as anybody."""
    now, wall = runtime.clock.business(), runtime.clock.wall()
    operator_hash, owner_hash = hash_password(OPERATOR.password), hash_password(OWNER.password)
    links: list[str] = []

    def link_for(token: str) -> str:
        links.append(token)
        return f"{runtime.config.desk_url}/confirm/{token}"

    with runtime.database.transaction() as session:
        seed_terms(session)
        operator = create_operator(session, OPERATOR.email, OPERATOR.name, operator_hash, now)
        save_set_up(session, _set_up(), operator.actor, now)
        wish = SignUp(
            email=OWNER.email,
            name=OWNER.name,
            kind=AccountKind.PHOTOGRAPHER,
            capacity=Capacity.AUTHOR,
            country="DE",
            tax_state=TaxState.SMALL_BUSINESS,
            vat_id="",
            password_hash=owner_hash,
            terms_version=current_terms(session, now.date()).version,
        )
        sign_up(session, wish, link_for, now, wall)
        owner = confirm_email(session, links[-1], now, wall)
        profile = Profile(
            name=OWNER.name,
            address="Beispielweg 7\n20095 Hamburg",
            country="DE",
            tax_state=TaxState.SMALL_BUSINESS,
            vat_id="",
            bank_holder=OWNER.name,
            iban="DE89370400440532013000",
        )
        change_profile(session, owner.id, profile, owner.actor, now)
        found = account_by_email(session, OWNER.email)
        assert found is not None
    return operator, found


def _set_up() -> OperatorSetUp:
    return OperatorSetUp(
        name="Example Picture Rights (demo)",
        legal_basis=LegalBasis.AGENCY,
        street="Musterstraße 1",
        postcode="10115",
        city="Berlin",
        country="DE",
        region="BE",
        register_entry="Example register, no. 0000",
        vat_id="DE123456788",
        contact_name="Demo Operator",
        phone="+49 30 23125 000",
        sender_email="licensing@example.org",
        bank_holder="Example Picture Rights (demo)",
        iban="DE02120300000000202051",
        bic="",
        languages=("de", "en"),
        currency=Currency.EUR,
        time_zone="Europe/Berlin",
    )
