"""What house rules say about the code, read from the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from jinja2 import Environment
from sqlalchemy import Table

from tests.contracts.sources import Source, calls, dotted, modules
from tests.world import World
from workflow.cli import cli
from workflow.config import ROOT
from workflow.schema import METADATA
from workflow.wiring import LIFECYCLES, handlers

CLOCK = "workflow/kernel/clock.py"
TIMES = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns",
    "dt.datetime.now", "datetime.datetime.now", "datetime.date.today", "func.now",
}  # fmt: skip
TABLES = [table for metadata in METADATA for table in metadata.sorted_tables]
LONGEST_MODULE, LONGEST_FUNCTION = 330, 60


def told(found: list[tuple[Source, int]]) -> list[str]:
    return [f"{source.name}:{line}" for source, line in found]


def test_only_the_database_module_commits() -> None:
    found = [
        (source, call.lineno) for source in modules() for call in calls(source.tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"
        and source.name != "workflow/kernel/db.py" and not _own_sqlite(source)
    ]  # fmt: skip
    assert told(found) == []


def test_only_the_engine_writes_the_state_of_a_life_cycle() -> None:
    """Letters, deadlines and messages have states too, but no life cycle: those are written by their owners."""
    subjects = {name for name in LIFECYCLES} | {"subject", "hit", "case", "payin", "payout"}
    found = []
    for source in modules():
        for node in ast.walk(source.tree):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
                continue
            flat = [
                each
                for target in targets
                for each in (target.elts if isinstance(target, ast.Tuple) else [target])
            ]
            for target in flat:
                written = isinstance(target, ast.Attribute) and target.attr == "state"
                if written and dotted(target.value).rsplit(".", 1)[-1] in subjects:
                    found.append((source, node.lineno))
    assert {line.rpartition(":")[0] for line in told(found)} <= {"workflow/kernel/lifecycle.py"}


def test_only_the_clock_asks_for_the_time() -> None:
    found = [
        (source, call.lineno) for source in modules() for call in calls(source.tree)
        if dotted(call.func) in TIMES and source.name != CLOCK
    ]  # fmt: skip
    assert told(found) == []


def test_nothing_is_swallowed() -> None:
    found = [
        (source, node.lineno) for source in modules() for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or dotted(node.type) in ("Exception", "BaseException"))
        and all(isinstance(each, (ast.Pass, ast.Continue)) for each in node.body)
    ]  # fmt: skip
    assert told(found) == []


def test_modules_and_functions_stay_small() -> None:
    long = [source.name for source in modules() if len(source.path.read_text().splitlines()) > LONGEST_MODULE]
    assert long == []
    functions = [
        f"{source.name}:{node.name}" for source in modules() for node in ast.walk(source.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or 0) - node.lineno > LONGEST_FUNCTION
    ]  # fmt: skip
    assert functions == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [s.name for s in modules() if s.path.read_text().strip() and not ast.get_docstring(s.tree)]
    assert silent == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_foreign_key_has_an_index(table: Table) -> None:
    indexed = {tuple(column.name for column in index.columns)[:1] for index in table.indexes}
    indexed |= {
        tuple(column.name for column in constraint.columns)[:1]
        for constraint in table.constraints if constraint.__visit_name__ in ("unique_constraint", "primary_key_constraint")
    }  # fmt: skip
    indexed |= {(column.name,) for column in table.columns if column.unique or column.index}
    bare = [column.name for column in table.columns if column.foreign_keys and (column.name,) not in indexed]
    assert bare == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_sum_has_its_currency(table: Table) -> None:
    names = set(table.columns.keys())
    for name in names:
        if name.endswith("_minor"):
            whose = {f"{'_'.join(name.split('_')[:n])}_currency" for n in range(1, name.count("_") + 1)}
            assert names & (whose | {"currency"}), f"{table.name}.{name}"
            kind = table.columns[name].type
            assert kind.__visit_name__ in ("big_integer", "BIGINT", "integer"), (
                f"{table.name}.{name} is {kind}"
            )


def _kinds_posted() -> Iterator[str]:
    """The second word of every ``outbox.post``, and what the ticker asks for; constants are looked up."""
    for source in modules():
        constants = {
            node.targets[0].id: node.value.value for node in source.tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }  # fmt: skip
        for call in calls(source.tree):
            name = dotted(call.func)
            place = {"outbox.post": 1, "post": 1, "self._ask": 0, "self._ask_daily": 0}.get(name)
            if place is None or len(call.args) <= place:
                continue
            arg = call.args[place]
            if isinstance(arg, ast.Name):
                yield str(constants.get(arg.id, "?"))
            elif isinstance(arg, ast.Constant):
                yield str(arg.value)


def test_every_message_has_a_handler_and_every_handler_a_message() -> None:
    known = set(handlers(None))
    posted = set(_kinds_posted()) - {"?"}
    assert posted - known == set(), "nobody does this"
    # events and what the inbox receives are posted by names that are put together
    assert known - posted <= {"event", "inbox:stripe", "psp.reconcile", "self_check"}, "nobody asks for this"


def test_every_template_compiles(world: World) -> None:
    environments: list[Environment] = [
        world.desk.jinja_env, world.portal.jinja_env, world.runtime.press.environment,
    ]  # fmt: skip
    templates = sorted((ROOT / "templates").rglob("*.*"))
    assert len(templates) > 50
    for path in templates:
        if path.suffix in (".html", ".txt"):
            text = path.read_text(encoding="utf-8")
            pages = not str(path.relative_to(ROOT / "templates")).startswith(("documents", "mails"))
            if "standin" in str(path):
                environments[2].parse(text)
                continue
            chosen = environments[:2] if pages else environments[2:]
            for environment in chosen:
                assert environment.compile(text, str(path))


def test_no_template_brings_script_or_style_inline() -> None:
    pages = [
        path for path in (ROOT / "templates").rglob("*.html")
        if path.relative_to(ROOT / "templates").parts[0] not in ("documents",)
    ]  # fmt: skip
    for path in pages:
        text = path.read_text(encoding="utf-8")
        for sign in (" onclick=", " onload=", ' style="', "javascript:", "https://cdn", "//fonts.g"):
            assert sign not in text, f"{path.name}: {sign}"


def _commands(group: click.Command, path: str = "lichtbild") -> Iterator[tuple[str, click.Command]]:
    yield path, group
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield from _commands(command, f"{path} {name}")


@pytest.mark.parametrize(
    ("path", "command"), list(_commands(cli)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_explains_itself(path: str, command: click.Command) -> None:
    assert command.help and command.help[0].isupper() and "." in command.help
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden and option.name != "revision":
            assert option.help, f"{path} --{option.name}"


def test_the_layers_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def _own_sqlite(source: Source) -> bool:
    """The stand-in keeps a file of its own, the crawler a frontier without our sessions; a copy of the
    database and the oracle of a rehearsal are plain SQL on purpose."""
    return source.name.startswith((
        "workflow/money/stripe_standin/", "detection/crawl/", "workflow/backups/databases.py",
        "workflow/soak/stages.py",
    ))  # fmt: skip
