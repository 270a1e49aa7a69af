"""The code as text and trees, for rules about the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workflow.config import ROOT


@dataclass(frozen=True)
class Source:
    """One module of ours."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))


@cache
def modules() -> tuple[Source, ...]:
    """Everything under ``workflow`` and ``detection``."""
    paths = sorted(path for folder in ("workflow", "detection") for path in (ROOT / folder).rglob("*.py"))
    return tuple(Source(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call in it."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def dotted(node: ast.AST) -> str:
    """``a.b.c`` as written; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else f"?.{node.attr}"
    return ""
