"""An id from an address goes nowhere without the one who asks: what routes call with it is told who that is.

That the called one then looks is what ``test_access`` presses; here stands that nobody forgets to say it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.contracts.sources import Source, calls, dotted, modules

#: How a route says who asks: the actor, their account, their one case, or a case that was found from these.
WHO = {"actor()", "_my_id()", "_case_id()", "case_id()", "case", "case.id"}
#: These make addresses, and whoever follows one is asked anew.
ADDRESSES = {"url_for", "redirect", "_page", "_to_batch"}
#: Comparing with oneself opens nothing.
PLAIN = {"str"}
OFFICE = "the office shares its work, and its blueprint lets nobody else in"
ASKS = "asks for the actor itself"
#: Reviewed: what takes an id and is not told who asks, by module and call.
REVIEWED = {
    ("accounts/people_routes.py", "directory.person"): OFFICE,
    ("accounts/people_routes.py", "directory.history"): OFFICE,
    ("accounts/people_routes.py", "directory.others_administer"): OFFICE,
    ("accounts/people_routes.py", "Seen"): "what the page showed; the services that take it ask who acts",
    ("cases/operator_routes/arrivals.py", "queries.arrival_of"): OFFICE,
    ("cases/operator_routes/arrivals.py", "queries.message_of"): OFFICE,
    ("cases/operator_routes/arrivals.py", "queries.scan_of"): OFFICE,
    ("cases/operator_routes/bargaining.py", "session.get"): OFFICE,
    ("cases/operator_routes/bargaining.py", "decide_from_form"): ASKS,
    ("cases/bargaining/rights_holder_routes.py", "decide_from_form"): ASKS,
    ("cases/operator_routes/letters.py", "session.get"): OFFICE,
    ("cases/operator_routes/post.py", "queries.batch_of"): OFFICE,
    ("cases/operator_routes/post.py", "queries.delivery_of"): OFFICE,
    ("money/operator_routes.py", "queries.sheet"): OFFICE,
    ("money/transfer_routes.py", "queries.sheet"): OFFICE,
    ("money/transfer_routes.py", "session.get"): OFFICE,
    ("money/transfer_routes.py", "credit_of"): OFFICE,
    ("payouts/operator_routes.py", "fire_from_form"): ASKS,
    ("hits/rights_holder_routes.py", "picture_answers.found_copy"): ASKS,
    ("hits/rights_holder_routes.py", "picture_answers.compared"): ASKS,
    ("works/operator_routes.py", "pictures.picture"): ASKS,
    ("works/rights_holder_routes.py", "pictures.picture"): ASKS,
    ("accounts/sign_in_routes.py", "factors.proposed_secret"): "the id is that of the person's own session",
    ("portal/infringer_routes.py", "?.vault.get"): "the id is that of evidence found from the case",
}


def route_modules() -> Iterator[Source]:
    """Where addresses become calls; the stand-in of the payment service is no part of an instance."""
    for source in modules():
        if "routes" in source.name and "stripe_standin" not in source.name:
            yield source


def ids_of(view: ast.FunctionDef) -> set[str]:
    return {
        each.arg for each in view.args.args
        if each.annotation is not None and dotted(each.annotation) == "uuid.UUID"
    }  # fmt: skip


def said(argument: ast.expr) -> str:
    """The argument as it is written: a name, or what is called without anything."""
    if isinstance(argument, ast.Call) and not argument.args and not argument.keywords:
        return f"{dotted(argument.func)}()"
    return dotted(argument)


def handed_on(source: Source) -> Iterator[tuple[str, int]]:
    """Every call that is given an id and not told who asks, with its line."""
    own = {node.name for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef) and ids_of(node)}
    for view in ast.walk(source.tree):
        if not isinstance(view, ast.FunctionDef):
            continue
        for call in calls(view):
            given = {said(each) for each in [*call.args, *(word.value for word in call.keywords)]}
            name = dotted(call.func)
            if given & ids_of(view) and not given & WHO and name not in ADDRESSES | PLAIN | own:
                yield name, call.lineno


def test_no_route_hands_an_id_to_somebody_who_is_not_told_who_asks() -> None:
    found = {
        (source.name.removeprefix("workflow/"), name): f"{source.name}:{line} {name}"
        for source in route_modules() for name, line in handed_on(source)
    }  # fmt: skip
    assert sorted(where for key, where in found.items() if key not in REVIEWED) == []
    assert set(REVIEWED) - set(found) == set(), "reviewed, and not there any more"
