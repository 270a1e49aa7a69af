"""A life cycle written as a table: states, transitions, guards, effects, deadlines.

The one table drives the engine, who may do what, the audit line, the buttons with the reasons why not,
the deadline rows, whose turn it is, the diagram and the tests. Nothing in here knows what a case is.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.orm import Session
from transitions import EventData, Machine

from workflow.kernel import audit, deadlines
from workflow.kernel.access import WHOEVER, Reaches, reached
from workflow.kernel.actors import Actor, Role
from workflow.kernel.errors import Refused, Stale
from workflow.kernel.said import say, stored


class Stateful(Protocol):
    """What the engine needs of a subject: a key, a state and a version that counts the moves."""

    id: Any
    state: Any
    version: Any


M = TypeVar("M", bound=Stateful)


@dataclass(frozen=True, slots=True)
class Context(Generic[M]):
    """What a guard or an effect may look at."""

    session: Session
    subject: M
    actor: Actor
    now: datetime
    note: str = ""
    carries: Mapping[str, Any] = field(default_factory=dict)


Guard = Callable[[Context[M]], "str | None"]  # None = pass, else the reason as a sentence
Effect = Callable[[Context[M]], None]  # writes rows, nothing else


@dataclass(frozen=True, slots=True)
class Deadline(Generic[M]):
    """On entry write a row that fires ``trigger`` at ``due(context)``; ``None`` = no date now."""

    kind: str
    trigger: str
    due: Callable[[Context[M]], datetime | None]
    ours: bool = True


@dataclass(frozen=True, slots=True)
class State(Generic[M]):
    """One row of the state table. ``waits_for`` says whose turn it is; ``None`` = nobody's, it is over."""

    state: StrEnum
    label: str
    waits_for: Role | None
    deadlines: tuple[Deadline[M], ...] = ()
    #: What the rights-holder and the infringer read; empty = they see nothing of it.
    owner: str = ""
    infringer: str = ""

    def __post_init__(self) -> None:
        _say_fields(self, "label", "owner", "infringer")


@dataclass(frozen=True, slots=True)
class Transition(Generic[M]):
    """One row of the transition table.

    ``target=None`` stays in its state and leaves the dates alone; it is told all the same.
    """

    trigger: StrEnum
    sources: tuple[StrEnum, ...]
    target: StrEnum | None
    by: frozenset[Role]
    label: str
    guards: tuple[Guard[M], ...] = ()
    effects: tuple[Effect[M], ...] = ()
    #: Names of the data this trigger brings; it has a form and a service of its own.
    carries: tuple[str, ...] = ()
    #: Outlined red, with a sentence of what happens.
    warning: str = ""
    #: Asked last: whoever else must agree; raises when somebody is missing (see ``kernel.approvals``).
    agreed: tuple[Effect[M], ...] = ()

    def __post_init__(self) -> None:
        _say_fields(self, "label", "warning")


def _say_fields(row: object, *names: str) -> None:
    """The words of a table's row can be said in the reader's language."""
    for name in names:
        object.__setattr__(row, name, say(getattr(row, name)))


@dataclass(frozen=True, slots=True)
class Action:
    """A button: shown to whoever may press it; off, with the reasons, while something is missing."""

    trigger: StrEnum
    label: str
    refusals: tuple[str, ...]
    carries: tuple[str, ...]
    warning: str

    @property
    def enabled(self) -> bool:
        return not self.refusals


class Lifecycle(Generic[M]):
    """The table and its engine. Stateless: subjects are passed in, never kept."""

    def __init__(
        self,
        name: str,
        model: type[M],
        initial: StrEnum,
        states: tuple[State[M], ...],
        transitions: tuple[Transition[M], ...],
        reach: Reaches = WHOEVER,
    ) -> None:
        self.name = name
        self.reach = reach
        self.model = model
        self.initial = initial
        self.states: dict[StrEnum, State[M]] = {row.state: row for row in states}
        self.transitions = transitions
        self._by_edge = {(source, row.trigger): row for row in transitions for source in row.sources}
        edges = sum(len(row.sources) for row in transitions)
        assert len(self._by_edge) == edges, "two transitions share a state and a trigger"
        self._machine = Machine(
            model=None,
            states=list(self.states),
            transitions=[
                {
                    "trigger": row.trigger.value,
                    "source": source,
                    "dest": row.target if row.target is not None else "=",
                    "after": [_run_effects],
                }
                for row in transitions
                for source in row.sources
            ],
            initial=None,
            auto_transitions=False,
            send_event=True,
        )

    def find(self, state: StrEnum, trigger: str) -> Transition[M] | None:
        """The row for this edge, or ``None``."""
        return next(
            (row for (source, name), row in self._by_edge.items() if source == state and name == trigger),
            None,
        )

    def target_of(self, state: StrEnum, trigger: str) -> StrEnum | None:
        """Where the trigger leads from this state; ``None`` when it does not exist there."""
        row = self.find(state, trigger)
        return None if row is None else (row.target or state)

    def actions(self, context: Context[M]) -> Iterator[Action]:
        """Every button this actor may see in this state, each with its reasons why not."""
        for (source, trigger), row in self._by_edge.items():
            if source == context.subject.state and context.actor.role in row.by:
                yield Action(trigger, row.label, _refusals(row, context), row.carries, row.warning)

    def fire(self, trigger: str, context: Context[M]) -> Transition[M]:
        """Move the subject or raise :class:`Refused` with every reason at once."""
        state = context.subject.state
        row = self.find(state, trigger)
        if row is None:
            raise Refused(say("This is not possible while it is “{state}”.", state=self.states[state].label))
        if context.actor.role not in row.by:
            raise Refused(say("This step is not yours to take."))
        missing = [name for name in row.carries if name not in context.carries]
        assert not missing, f"{self.name}:{trigger} was fired without {missing}"
        if refusals := _refusals(row, context):
            raise Refused(*refusals)
        for asked in row.agreed:
            asked(context)
        moved = self._machine.events[row.trigger.value].trigger(context.subject, context, row)
        assert moved, "guards were checked above, so the machine must move"
        return row

    def mermaid(self) -> str:
        """The diagram of the table, as Mermaid text."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial.value}"]
        for row in self.transitions:
            who = "/".join(sorted(role.value for role in row.by))
            lines += [
                f"    {source.value} --> {(row.target or source).value}: {row.trigger.value} ({who})"
                for source in row.sources
            ]
        lines += [f"    {s.state.value} --> [*]" for s in self.states.values() if s.waits_for is None]
        return "\n".join(lines)


def advance(
    session: Session,
    lifecycle: Lifecycle[M],
    subject_id: uuid.UUID,
    trigger: str,
    actor: Actor,
    now: datetime,
    *,
    seen_version: int | None = None,
    note: str = "",
    carries: Mapping[str, Any] | None = None,
) -> M:
    """The only writer of a state: lock, check, move, log, set the next dates; the caller commits.

    Raises ``NotFound`` (also for what the actor does not reach), ``Stale`` (an older page) or ``Refused``.
    """
    session.flush()
    found = session.get(lifecycle.model, subject_id, with_for_update=True, populate_existing=True)
    subject = reached(session, lifecycle.reach, actor, found, stored(f"This {lifecycle.name}"))
    if seen_version is not None and subject.version != seen_version:
        raise Stale
    before: Enum = subject.state
    context = Context(session, subject, actor, now, note, carries or {})
    row = lifecycle.fire(trigger, context)
    subject.version += 1
    audit.record(
        session,
        lifecycle.name,
        subject.id,
        f"{lifecycle.name}:{row.trigger.value}",
        actor,
        now,
        before=before.value,
        after=subject.state.value,
        label=row.label,
        note=note,
    )
    if row.target is not None:  # a step that stays where it is leaves the dates alone
        deadlines.end_live(session, lifecycle.name, subject.id, now)
        _set_dates(lifecycle, context)
    session.flush()
    return subject


def begin(
    session: Session, lifecycle: Lifecycle[M], subject: M, actor: Actor, now: datetime, *, note: str = ""
) -> M:
    """Enter a new subject into its first state, with its audit line and dates; the caller commits."""
    assert subject.state in (None, lifecycle.initial)
    subject.state = lifecycle.initial
    subject.version = 1
    session.add(subject)
    session.flush()
    action = f"{lifecycle.name}:begin"
    label = lifecycle.states[lifecycle.initial].label
    audit.record(
        session, lifecycle.name, subject.id, action, actor, now,
        after=lifecycle.initial.value, label=label, note=note,
    )  # fmt: skip
    context = Context(session, subject, actor, now, note)
    _set_dates(lifecycle, context)
    return subject


def _set_dates(lifecycle: Lifecycle[M], context: Context[M]) -> None:
    for deadline in lifecycle.states[context.subject.state].deadlines:
        due_at = deadline.due(context)
        if due_at is not None:
            deadlines.open_deadline(
                context.session,
                lifecycle.name,
                context.subject.id,
                kind=deadline.kind,
                trigger=deadline.trigger,
                due_at=due_at,
                now=context.now,
                ours=deadline.ours,
            )


def _refusals(row: Transition[M], context: Context[M]) -> tuple[str, ...]:
    return tuple(reason for guard in row.guards if (reason := guard(context)))


def _run_effects(event: EventData) -> None:
    context, row = event.args
    for effect in row.effects:
        effect(context)
