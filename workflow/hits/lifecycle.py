"""The life of a hit, on one page."""

from __future__ import annotations

from workflow.hits import guards
from workflow.hits.models import Hit
from workflow.hits.states import HitState as S
from workflow.hits.states import HitTrigger as T
from workflow.hits.states import Verdict
from workflow.kernel.access import OFFICE, own
from workflow.kernel.actors import Role
from workflow.kernel.lifecycle import Context, Lifecycle, State, Transition

OPERATOR, OWNER, SYSTEM = Role.OPERATOR, Role.RIGHTS_HOLDER, Role.SYSTEM


def keep_verdict(context: Context[Hit]) -> None:
    """What was decided, when, and together with what."""
    hit = context.subject
    hit.verdict = Verdict(context.carries["verdict"])
    hit.decision_id = context.carries.get("decision_id")
    hit.reason = context.note[:500]
    hit.decided_at = context.now


def forget_verdict(context: Context[Hit]) -> None:
    """As if it had not been decided; the audit trail remembers."""
    hit = context.subject
    hit.verdict = hit.decision_id = hit.decided_at = None
    hit.reason = ""


def join_case(context: Context[Hit]) -> None:
    """From here the case tells its story."""
    context.subject.case_id = context.carries["case_id"]


def leave_case(context: Context[Hit]) -> None:
    """The case came to nothing before anybody was written to."""
    context.subject.case_id = None


STATES: tuple[State[Hit], ...] = (
    State(S.FOUND, "Found", SYSTEM),
    State(S.SHOWN, "To decide", OWNER, owner="To decide"),
    State(S.REVIEWED, "Decided", OWNER, owner="Decided"),
    State(S.SUBMITTED, "Submitted", None, owner="Part of a case"),
)

TRANSITIONS: tuple[Transition[Hit], ...] = (
    Transition(T.SHOW, (S.FOUND,), S.SHOWN, frozenset({SYSTEM}), "Show"),
    Transition(T.SET_ASIDE, (S.FOUND,), S.REVIEWED, frozenset({SYSTEM}), "Set aside",
               carries=("verdict",), effects=(keep_verdict,)),
    Transition(T.REVIEW, (S.SHOWN, S.REVIEWED), S.REVIEWED, frozenset({OWNER}), "Decide",
               carries=("verdict",), effects=(keep_verdict,)),
    Transition(T.REOPEN, (S.REVIEWED,), S.SHOWN, frozenset({OWNER}), "Take the decision back",
               effects=(forget_verdict,)),
    Transition(T.SUBMIT, (S.REVIEWED,), S.SUBMITTED, frozenset({OWNER}), "Submit as a case",
               carries=("case_id",), guards=(guards.is_illegal, guards.is_submittable), effects=(join_case,)),
    Transition(T.RELEASE, (S.SUBMITTED,), S.REVIEWED, frozenset({SYSTEM, OPERATOR}), "Release from the case",
               effects=(leave_case,)),
)  # fmt: skip

HIT_LIFECYCLE: Lifecycle[Hit] = Lifecycle("hit", Hit, S.FOUND, STATES, TRANSITIONS, {**OFFICE, OWNER: own})
