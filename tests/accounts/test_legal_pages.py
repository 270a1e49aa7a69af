"""Who operates the instance, what it keeps, and the terms: readable by anybody, on desk and portal."""

from __future__ import annotations

from tests.world import Visitor, World, words
from workflow.accounts.terms import shipped_terms


def test_imprint_and_privacy_stand_on_both_sides(world: World) -> None:
    for visitor in (world.anybody(), Visitor(world.portal)):
        imprint = words(visitor.page("/imprint"))
        for part in ("Example Picture Rights (demo)", "licensing@example.org", "Example register, no. 0000"):
            assert part in imprint, part
        privacy = visitor.page("/privacy")
        assert "after 90 days" in words(privacy)
        for page in ("/imprint", "/privacy"):
            assert page in privacy


def test_terms_can_be_read_before_they_are_accepted(world: World) -> None:
    visitor = world.anybody()
    assert 'href="/terms"' in visitor.page("/sign-up")
    page = words(visitor.page("/terms"))
    [terms] = [each for each in shipped_terms() if each["version"] == "2024-01"]
    assert "Version 2024-01" in page and "55 %" in page and "45 %" in page
    for clause in terms["clauses"]:
        assert clause["title"] in page and " ".join(clause["text"].split()) in page
