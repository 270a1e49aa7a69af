"""What a rights-holder does on the first days: each step with its state, the next action and the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflow.accounts.models import Account
from workflow.accounts.readiness import FIRST_STEPS_DONE, has_acknowledged
from workflow.hits.crawled import last_search
from workflow.kernel.actors import Actor, Role
from workflow.kernel.db import Session
from workflow.kernel.said import Said, say, say_many
from workflow.works import queries as works


class StepState(StrEnum):
    """How far a step is."""

    DONE = "done"
    #: The person's turn.
    NEXT = "next"
    #: It comes by itself, or after another one.
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Step:
    """One line: what, how far, why, and where to do it."""

    key: str
    what: Said
    why: Said
    state: StepState
    action: Said | None = None
    endpoint: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """The list of one person."""

    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(step.state is StepState.DONE for step in self.steps)


@dataclass(frozen=True, slots=True)
class _Known:
    session: Session
    account: Account
    actor: Actor
    photographs: int
    searched: datetime | None


def first_steps(session: Session, actor: Actor) -> FirstSteps | None:
    """The list, or ``None`` once everything is done or the person put it away."""
    if actor.role is not Role.RIGHTS_HOLDER:
        return None
    account = session.get_one(Account, works.owner_key(actor))
    if has_acknowledged(session, account.id, FIRST_STEPS_DONE):
        return None
    known = _Known(session, account, actor, works.count(session, actor), last_search(session)[0])
    steps = tuple(derive(known) for derive in STEPS)
    return None if all(step.state is StepState.DONE for step in steps) else FirstSteps(steps)


def _state(*, done: bool, possible: bool = True) -> StepState:
    if done:
        return StepState.DONE
    return StepState.NEXT if possible else StepState.WAITS


def _email(known: _Known) -> Step:
    return Step("email", say("Confirm your e-mail address"), say("So that nobody signs up in your name."),
                _state(done=known.account.confirmed))  # fmt: skip


def _photographs(known: _Known) -> Step:
    why = (
        say_many("One photograph is watched for.", "{count} photographs are watched for.", known.photographs)
        if known.photographs
        else say("Only what we know can be found. The largest file you have is the best.")
    )  # fmt: skip
    return Step("photographs", say("Add your first photographs"), why, _state(done=known.photographs > 0),
                say("Add photographs"), "works_rights_holder.upload")  # fmt: skip


def _profile(known: _Known) -> Step:
    return Step("profile", say("Complete your profile"),
                say("Address and tax status stand on every credit note."),
                _state(done=bool(known.account.address.strip())), say("Open your profile"),
                "accounts_desk.settings", "profile")  # fmt: skip


def _bank(known: _Known) -> Step:
    return Step("bank", say("Enter your bank account"), say("Your share of each payment is sent there."),
                _state(done=bool(known.account.iban and known.account.bank_holder)),
                say("Enter the account"), "accounts_desk.settings", "bank_holder")  # fmt: skip


def _watch(known: _Known) -> Step:
    done = known.photographs > 0 and known.searched is not None
    why = (
        say("The web was searched for them; hits come to your inbox.") if done
        else say("Your office starts the searches of the web; what they find comes to your inbox.")
    )  # fmt: skip
    return Step("watch", say("First search of the web"), why, _state(done=done, possible=False))


STEPS: tuple[Callable[[_Known], Step], ...] = (_email, _photographs, _profile, _bank, _watch)
