"""The people of the demo world: plainly fictitious, with log-ins that the start prints."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.accounts import one_time
from workflow.accounts.models import Account
from workflow.accounts.passwords import hash_password
from workflow.accounts.queries import account_by_email, current_terms
from workflow.accounts.services import factors
from workflow.accounts.services.joining import SignUp, confirm_email, create_operator, sign_up
from workflow.accounts.services.settings import OperatorSetUp, Profile, change_profile, save_set_up
from workflow.accounts.states import AccountKind, Capacity, LegalBasis, TaxState
from workflow.accounts.terms import seed_terms
from workflow.cases.pricing import decide_on_tariff, tariff_on
from workflow.kernel.db import Session
from workflow.kernel.money import Currency
from workflow.kernel.runtime import Runtime


@dataclass(frozen=True, slots=True)
class LogIn:
    """An account of the demo, its password and the secret of its app, which everybody may know."""

    role: str
    name: str
    email: str
    password: str
    #: What an authenticator app would hold, in base32; empty without a second factor.
    secret: str = ""


OWNER = LogIn("Photographer", "Demo Photographer", "photographer@example.org", "demo-paper-boat-24")
OPERATOR = LogIn(
    "Operator", "Demo Operator", "operator@example.org", "demo-quiet-harbour-24",
    "LICHTBILD2DEMO2OPERATOR2FIRST222",
)  # fmt: skip
#: The second pair of eyes.
COLLEAGUE = LogIn(
    "Colleague", "Demo Colleague", "colleague@example.org", "demo-evening-ferry-24",
    "LICHTBILD2DEMO2OPERATOR2OTHER222",
)  # fmt: skip


def log_ins() -> tuple[LogIn, ...]:
    """Everybody who can sign in to the demo's desk."""
    return (OWNER, OPERATOR, COLLEAGUE)


def next_code(session: Session, runtime: Runtime, email: str) -> str | None:
    """A code the account's app would show, one that was not used yet; ``None`` for anybody but these."""
    known = next((person for person in log_ins() if person.email == email and person.secret), None)
    account = account_by_email(session, email)
    held = factors.active_secret(session, runtime.secrets, account.id) if known and account else None
    if known is None or held is None or held[0] != known.secret:
        return None
    return one_time.next_code(known.secret, runtime.clock.wall(), after=held[1])


def settle_in(runtime: Runtime) -> tuple[Account, Account]:
    """Set up the operator and open the photographer's account, through the same doors as anybody."""
    now, wall = runtime.clock.business(), runtime.clock.wall()
    operator_hash, owner_hash = hash_password(OPERATOR.password), hash_password(OWNER.password)
    colleague_hash = hash_password(COLLEAGUE.password)
    links: list[str] = []

    def link_for(token: str) -> str:
        links.append(token)
        return f"{runtime.config.desk_url}/confirm/{token}"

    with runtime.database.transaction() as session:
        seed_terms(session)
        operator = create_operator(session, OPERATOR.email, OPERATOR.name, operator_hash, now)
        colleague = create_operator(session, COLLEAGUE.email, COLLEAGUE.name, colleague_hash, now)
        _give_second_factor(session, runtime, operator, OPERATOR.secret)
        _give_second_factor(session, runtime, colleague, COLLEAGUE.secret)
        save_set_up(session, _set_up(), operator.actor, now)
        edition = tariff_on(session, now.date()).edition
        note = "Demo"
        decide_on_tariff(session, edition, approved=True, note=note, actor=operator.actor, now=now)
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


def _give_second_factor(session: Session, runtime: Runtime, account: Account, secret: str) -> None:
    """As at a first sign-in, with the code before the present one: the present one is still good."""
    now, wall = runtime.clock.business(), runtime.clock.wall()
    code = one_time.code_of_step(secret, one_time.step_at(wall) - 1)
    codes = one_time.new_recovery_codes()
    factors.propose(session, runtime.secrets, account.id, secret)
    factors.confirm(session, runtime.secrets, account, code, codes, factors.Moments(now, wall))


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
        authority="Example Authority, Beispielallee 1, 53113 Musterstadt",
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
