"""Every English text a reader may see: from templates, from ``say(…)`` and from the tables of the code.

Used by ``lichtbild translations`` and by the test that nothing lacks its German.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_python
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from workflow.config import ROOT
from workflow.web import i18n

#: Mails are written elsewhere, and the stand-in's pages are nobody's.
NOT_PAGES = ("mails", "standin")
#: Documents of the office and of the rights-holder, which are kept in English.
IN_ENGLISH = ("documents/contract_terms.html", "documents/post_list.html")
#: Mails to those who are written to for a rights-holder: like letters, in a language of their own.
MAILS_TO_RECIPIENTS = frozenset({
    "answer_to_recipient", "closing", "dunning", "offer", "paid", "receipt_of_answer", "reminder",
})  # fmt: skip
KEYWORDS: Any = {"say": None, "say_many": (1, 2), "_": None}


@dataclass(frozen=True, slots=True)
class Text:
    """One entry: the English text, its plural (or ``""``) and its context (or ``""``)."""

    text: str
    many: str = ""
    context: str = ""


def texts() -> set[Text]:
    """Every text there is."""
    return {*_of_templates(), *_of_python(), *_of_tables(), *_of_rows(), *_of_detection(), *_of_forms()}


def pages() -> Iterator[Path]:
    """The templates whose texts come from the catalogue."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        inside = path.relative_to(ROOT / "templates")
        if inside.parts[0] not in NOT_PAGES and inside.as_posix() not in IN_ENGLISH:
            yield path


def environment() -> Environment:
    """Reads templates as the apps do."""
    env = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True)
    i18n.teach(env)
    return env


def _of_templates() -> Iterator[Text]:
    env = environment()
    for path in pages():
        for _, function, message in extract_from_ast(env.parse(path.read_text(encoding="utf-8"))):
            parts = [part for part in (message if isinstance(message, tuple) else (message,)) if part]
            if function == "ngettext":
                yield Text(parts[0], parts[1])
            elif function == "pgettext":
                yield Text(parts[1], context=parts[0])
            elif parts:
                yield Text(parts[0])


def _of_python() -> Iterator[Text]:
    for path in sorted((ROOT / "workflow").rglob("*.py")):
        with path.open("rb") as file:
            found: Any = extract_python(file, KEYWORDS, (), {"encoding": "utf-8"})
            for _, function, message, _ in found:
                parts = message if isinstance(message, tuple) else (message,)
                if not parts or not isinstance(parts[0], str) or not parts[0]:
                    continue
                several = function == "say_many" and len(parts) > 1 and parts[1]
                yield Text(parts[0], str(parts[1])) if several else Text(parts[0])


def _of_tables() -> Iterator[Text]:
    """Words of the life cycles, and words that are made of others."""
    from workflow.accounts.approving import rules
    from workflow.accounts.states import LABELS
    from workflow.cases.pricing import MEDIA_WORDS
    from workflow.cases.states import HOLD_WORDS, ClosedReason, EvidenceKind, HoldKind, Stage, UseClass
    from workflow.hits.states import VERDICT_WORDS
    from workflow.kernel.said import inside
    from workflow.wiring import LIFECYCLES

    for cycle in LIFECYCLES.values():
        for state in cycle.states.values():
            yield from _each((state.label, state.owner, state.infringer))
        for row in cycle.transitions:
            yield from _each((row.label, row.warning))
    yield from _each(LABELS.values())
    yield from _each(rule.label for rule in rules().values())
    yield from _each(inside(word) for word in (*HOLD_WORDS.values(), *VERDICT_WORDS.values()))
    yield from _each(reason.value.replace("_", " ") for reason in ClosedReason)
    yield from _each(_headed((*Stage, *UseClass, *EvidenceKind, *HoldKind)))
    yield from _each(word.capitalize() for word in MEDIA_WORDS.values())


def _of_rows() -> Iterator[Text]:
    """Words that stand in rows and in dated data, as pages show them."""
    from workflow.accounts import approving
    from workflow.accounts.terms import shipped_terms
    from workflow.cases.cadence import letter_steps
    from workflow.cases.contents import contents
    from workflow.cases.replies import replies
    from workflow.cases.states import LetterKind
    from workflow.kernel.actors import Role
    from workflow.kernel.approvals import Decision
    from workflow.legal import dunning as ladder
    from workflow.wiring import LIFECYCLES

    yield from _each(rule.label for rule in approving.rules().values())
    yield from _each(each.says for each in contents())
    yield from _each(
        text for terms in shipped_terms() for clause in terms["clauses"] for text in clause.values()
    )
    yield from _each(reply.label for reply in replies())
    yield from _each(ladder.next_texts())
    yield from _each(("card",))
    yield from _each(decision.value for decision in Decision)
    yield from _each(role.value.replace("_", " ") for role in Role)
    yield from _each(_headed(LetterKind))
    yield from _each(step.replace("_", " ").capitalize() for step in letter_steps())
    yield from _each(_headed(state for cycle in LIFECYCLES.values() for state in cycle.states))


def _of_detection() -> Iterator[Text]:
    """What a comparison says about a match."""
    from detection.matching.describe import TELLING

    yield from _each(TELLING)


def _of_forms() -> Iterator[Text]:
    from workflow.web.forms import BaseForm

    _load_all()
    for form in _below(BaseForm):
        if not _holds_forms(form.__module__):
            continue  # the style guide's example, shown to those who build pages
        for name in dir(form):
            field = getattr(form, name)
            if not hasattr(field, "field_class"):
                continue
            given: Mapping[str, Any] = field.kwargs
            label = field.args[0] if field.args else given.get("label", "")
            label = label or name.replace("_", " ").title()
            if field.field_class.__name__ not in ("HiddenField", "CSRFTokenField"):
                yield from _each((str(label), str(given.get("description", ""))))


def _load_all() -> None:
    import workflow

    for module in pkgutil.walk_packages(workflow.__path__, "workflow."):
        if _holds_forms(module.name):
            importlib.import_module(module.name)


def _holds_forms(module: str) -> bool:
    return module.rsplit(".", 1)[-1] == "forms"


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    below: list[type[Any]] = kind.__subclasses__()
    for each in below:
        if each.__module__.startswith("workflow."):
            yield each
            yield from _below(each)


def _headed(members: Iterable[StrEnum]) -> Iterator[str]:
    return (member.value.replace("_", " ").capitalize() for member in members)


def _each(words: Iterable[str]) -> Iterator[Text]:
    return (Text(str(word)) for word in words if word)
