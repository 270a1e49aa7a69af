"""The fee sheet on paper: the same lines, sources and facts as on the desk and in the portal."""

from __future__ import annotations

from typing import Any

from workflow.cases.models import Case, Offer
from workflow.cases.pricing import facts_shown, from_stored
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say, say_many


def calculation_of(case: Case, offer: Offer) -> dict[str, Any] | None:
    """What the sheet shows beside the frame of a letter; ``None`` when a person set the sum by hand."""
    if not offer.sheet:
        return None
    lines = [
        {
            "label": row["label"], "explanation": row["why"], "source": row.get("source", ""),
            "net": Money(int(row["minor"]), Currency(row["currency"])),
        }
        for row in offer.sheet
    ]  # fmt: skip
    one = sum((line["net"] for line in lines[1:]), lines[0]["net"])
    further = len(case.uses) - 1
    if one * (further + 1) != offer.net:
        return None
    if further:
        lines.append(
            {
                "label": say_many("{count} further use", "{count} further uses", further),
                "net": one * further, "source": "",
                "explanation": say("{count} × {net}, by the same facts", count=further, net=one),
            }
        )  # fmt: skip
    named = {name for row in offer.sheet for name in row.get("facts", ())}
    return {
        "lines": lines,
        "facts": facts_shown(from_stored(offer.facts), named) if named else [],
        "tariff": offer.edition,
        "calculated_on": offer.made_at.date(),
    }
