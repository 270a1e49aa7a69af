"""The table of failpoints and the code name the same places."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.contracts.sources import calls, dotted, modules
from workflow.config import ROOT
from workflow.kernel.failpoints import POINTS


def _called() -> Counter[str]:
    """The name in every ``failpoint(...)``, also where the function was handed down (``job.failpoint``)."""
    found: Counter[str] = Counter()
    migrations = ast.parse((ROOT / "migrations" / "env.py").read_text(encoding="utf-8"))
    for tree in (migrations, *(source.tree for source in modules())):
        for call in calls(tree):
            if dotted(call.func).rsplit(".", 1)[-1] in ("failpoint", "_failpoint"):
                assert len(call.args) == 1 and isinstance(call.args[0], ast.Constant), ast.dump(call)
                found[call.args[0].value] += 1
    return found


def test_every_failpoint_in_the_code_is_in_the_table() -> None:
    assert set(_called()) - set(POINTS) == set()


@pytest.mark.parametrize("name", sorted(POINTS))
def test_every_failpoint_of_the_table_is_called_in_one_place(name: str) -> None:
    assert _called()[name] == 1


@pytest.mark.parametrize("name", sorted(POINTS))
def test_every_failpoint_says_what_has_just_happened(name: str) -> None:
    assert len(POINTS[name]) > 20 and not POINTS[name].endswith(".")
