"""Texts come from the catalogue, and the catalogue is complete."""

from __future__ import annotations

import ast
import re

from jinja2 import nodes

from tests.contracts.sources import calls, dotted, modules
from workflow.cli.found_texts import environment, pages
from workflow.cli.translations import problems
from workflow.config import ROOT

#: Words between tags that are names, not texts: file, why.
BARE = {
    "Lichtbild": "the name of the program",
    "styleguide.html": "only shown on a demo, to those who build pages",
}
#: Parts whose sentences are read in a terminal, not on a page.
NOT_READ_ON_PAGES = frozenset({
    "backups", "cli", "migrating.py", "schema.py", "soak", "demo", "stripe_standin",
})  # fmt: skip
TAG = re.compile(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>?|^[^<]*>", re.DOTALL)
WORD = re.compile(r"[A-Za-zÄÖÜäöüß]{3,}")


def test_every_text_has_its_german_with_the_same_placeholders() -> None:
    assert problems() == []


def test_no_page_says_a_word_that_is_not_in_the_catalogue() -> None:
    bare = []
    for path in pages():
        name = str(path.relative_to(ROOT / "templates"))
        if name in BARE:
            continue
        source = path.read_text(encoding="utf-8")
        tree = environment().parse(source)
        for block in list(tree.find_all(nodes.Block)):
            if block.name == "body_class":
                block.body = []
        html = "".join(data.data for data in tree.find_all(nodes.TemplateData))
        found = WORD.findall(TAG.sub(" ", re.sub(r"&\w+;", " ", html)))
        bare += [f"{name}: {word}" for word in found if word not in BARE]
    assert bare == []


def test_whatever_is_refused_is_said() -> None:
    """A plain text in a refusal would reach a German reader in English."""
    spoken = {"Refused", "NotAllowed", "NotFound", "Conflict", "Unavailable"}
    plain = [
        f"{source.name}:{call.lineno}"
        for source in modules()
        if not NOT_READ_ON_PAGES & set(source.name.split("/")) and source.name.startswith("workflow/")
        for call in calls(source.tree)
        if dotted(call.func) in spoken
        and any(isinstance(each, (ast.Constant, ast.JoinedStr)) for each in call.args)
    ]
    assert plain == []


def test_only_texts_written_out_are_looked_up() -> None:
    """A text from a variable would be taken for safe HTML; those go through the filter ``translated``."""
    found = []
    for path in pages():
        tree = environment().parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            name = call.node.name if isinstance(call.node, nodes.Name) else ""
            if name in ("_", "gettext") and not isinstance(call.args[0], nodes.Const):
                found.append(f"{path.name}:{call.lineno}")
    assert found == []
