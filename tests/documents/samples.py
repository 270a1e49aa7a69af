"""Fictitious contexts for every document, and two pictures: what the templates expect, in one place."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from typing import Any

from PIL import Image, ImageDraw

from workflow.cases.pricing import FactShown, Grade
from workflow.kernel.money import Money
from workflow.kernel.pdf import TEMPLATES, Press

__all__ = ["ALL", "LONG_URL", "TEMPLATES", "offer", "pictures", "press"]

LONG_URL = (
    "http://harbour-shop.example/en/journal/2023/11/a-morning-at-the-old-harbour-and-what-we-learned-there"
    "?page=2&size=large"
)


@dataclass(frozen=True)
class Line:
    label: str
    net: Money
    explanation: str = ""
    source: str = ""


@dataclass(frozen=True)
class Sender:
    name: str = "Bildrechte Nord GmbH"
    address_lines: tuple[str, ...] = ("Musterweg 4", "20095 Hamburg")
    email: str = "licensing@bildrechte.example"
    phone: str = "+49 40 0000 1234"
    register: str = "HRB 00000 Hamburg"
    vat_id: str = "DE000000000"
    handler_name: str = "Kim Example"
    authority: str = ""
    legal_line: str = "Agency for image rights, acting on the written authorisation of the author"


def press() -> Press:
    return Press()


def picture(width: int = 900, height: int = 600, hue: int = 0) -> bytes:
    """A sea, a sun and a few boats, drawn."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(height):
        t = y / height
        sky = (int(240 - 90 * t), int(200 - 40 * t), int(150 + 60 * t))
        sea = (int(60 - 20 * t), int(100 - 20 * t + hue), int(140 - 30 * t))
        draw.line((0, y, width, y), fill=sky if t < 0.55 else sea)
    draw.ellipse((width * 0.62, height * 0.34, width * 0.74, height * 0.52), fill=(255, 240, 200))
    for at in (0.15, 0.38, 0.8):
        x, y = int(width * at), int(height * 0.6)
        draw.polygon([(x, y), (x + 90, y), (x + 70, y + 24), (x + 18, y + 24)], fill=(40, 40, 50))
        draw.polygon([(x + 44, y - 110), (x + 44, y - 6), (x + 88, y - 6)], fill=(245, 240, 230))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=85)
    return data.getvalue()


def pictures() -> dict[str, bytes]:
    return {"work": picture(), "found": picture(640, 560, hue=25)}


LINES = (
    Line(
        "Editorial use on one sub-page, 4 months",
        Money(15000),
        "Base fee of the table.",
        "Page seen 5 times.",
    ),
    Line("Missing name of the author", Money(5000), "The author is not named.", "Text near the picture."),
)
SUM = {"lines": LINES, "net": Money(20000), "vat_rate": "7 %", "vat": Money(1400), "total": Money(21400)}
USE = {
    "owner_name": "Studio Nordlicht",
    "work_title": "Harbour at dawn",
    "page_url": LONG_URL,
    "page_title": "A morning at the old harbour",
    "first_seen": date(2023, 11, 2),
    "last_seen": date(2024, 2, 27),
    "picture_left": "image:work",
    "picture_right": "image:found",
}
LETTER = {
    "sender": Sender(),
    "today": date(2024, 3, 5),
    "reference": "K7M3PQ-X",
    "recipient_lines": ["Harbour Shop GmbH", "Management", "Beispielstraße 12", "10115 Berlin"],
}
ANSWER = {
    "answer_by": date(2024, 3, 19),
    "code": "7KX3M-9PQRD-HC4VT-8WYB6",
    "portal_url": "portal.bildrechte.example",
    "portal_link": "https://portal.bildrechte.example/#K7M3PQ-X.7KX3M-9PQRD-HC4VT-8WYB6",
    "offered_on": date(2024, 3, 5),
    "bank": {
        "holder": "Bildrechte Nord GmbH", "iban": "DE02120300000000202051", "bic": "BYLADEM1001",
        "rf": "RF52K7M3PQX",
    },
}  # fmt: skip


def offer() -> dict[str, Any]:
    source = "the legal notice of harbour-shop.example"
    return {**LETTER, **USE, **SUM, **ANSWER, "owner_address": "", "data_source": source}


def reminder(kind: str) -> dict[str, Any]:
    return {
        **LETTER,
        **USE,
        **SUM,
        **ANSWER,
        "kind": kind,
        "today": date(2024, 4, 4),
        "answer_by": date(2024, 4, 18),
    }


def dunning(step: str) -> dict[str, Any]:
    lines = (*LINES, Line("Interest from 20 Mar 2024 to 3 May 2024", Money(212)))
    owed = {
        "lines": lines,
        "net": Money(20212),
        "vat_rate": "0 %",
        "vat": Money.zero(),
        "total": Money(20212),
    }
    return {
        **LETTER, **USE, **ANSWER, **owed, "step": step, "today": date(2024, 5, 6), "answer_by": date(2024, 5, 21),
        "owed_since": date(2024, 3, 20),
        "next_step_date": date(2024, 5, 21) if step != "last_before_court" else None,
        "next_step_text": "A second formal reminder is sent, with interest up to that day.",
    }  # fmt: skip


def closing(reason: str) -> dict[str, Any]:
    return {
        **LETTER,
        **USE,
        "closing_reason": reason,
        "closed_on": date(2024, 7, 1),
        "note": "",
        "today": date(2024, 7, 1),
    }


def certificate() -> dict[str, Any]:
    return {
        **LETTER, **USE, **SUM, "today": date(2024, 3, 12), "licence_number": "L-2024-000017", "granted_on": date(2024, 3, 12),
        "licensee_lines": ["Harbour Shop GmbH", "Beispielstraße 12", "10115 Berlin"],
        "work_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "picture": "image:work", "use": "Editorial use on one sub-page", "territory": "worldwide",
        "used_from": date(2023, 11, 2), "valid_until": None, "credit_line": "© Studio Nordlicht",
        "verify_url": "https://portal.bildrechte.example/verify/L-2024-000017",
    }  # fmt: skip


def receipt() -> dict[str, Any]:
    return {
        **LETTER, **USE, **SUM, "today": date(2024, 3, 12), "receipt_number": "R-2024-000031", "paid_on": date(2024, 3, 12),
        "supplied_on": date(2024, 3, 12), "method": "Card ending in 4242",
    }  # fmt: skip


def contract() -> dict[str, Any]:
    @dataclass(frozen=True)
    class Share:
        stage: str
        owner: str
        operator: str

    @dataclass(frozen=True)
    class Clause:
        title: str
        text: str

    return {
        **LETTER, "reference": "C-2024-000009", "version": "2024-1", "effective_from": date(2024, 1, 1),
        "accepted_on": date(2024, 3, 1), "owner_lines": ["Studio Nordlicht", "Musterallee 1", "24103 Kiel"],
        "shares": [Share("Offer", "55 %", "45 %"), Share("Dunning", "55 %", "45 %"), Share("Court", "55 %", "45 %")],
        "clauses": [
            Clause("Costs", "The operator bears every cost of an unsuccessful case."),
            Clause("Balance", "A balance never falls through a case, and no loss is carried to another."),
            Clause("Withdrawal", "Until an offer is sent, a case can be withdrawn free of charge."),
        ],
    }  # fmt: skip


def summary() -> dict[str, Any]:
    return {
        **LETTER,
        **USE,
        **SUM,
        "tariff": "Example tariff 1, edition 2024",
        "calculated_on": date(2024, 3, 4),
        "facts": [
            FactShown("medium", "Where", "website", Grade.ASSUMED),
            FactShown("last_seen", "Last seen", "2024-02-28", Grade.OBSERVED),
        ],
    }


#: Template, sample context, and the most pages it may take.
ALL: dict[str, tuple[str, dict[str, Any], int]] = {
    "offer": ("letter_offer", offer(), 2),
    **{
        f"reminder-{kind}": ("letter_reminder", reminder(kind), 1)
        for kind in ("friendly", "second", "last_offer")
    },
    **{
        f"dunning-{step}": ("letter_dunning", dunning(step), 1)
        for step in ("formal", "second", "last_before_court")
    },
    **{
        f"closing-{reason}": ("letter_closing", closing(reason), 1)
        for reason in ("paid", "licensed", "not_enforceable", "time_barred", "withdrawn", "lost", "error")
    },
    "certificate": ("licence_certificate", certificate(), 1),
    "receipt": ("receipt", receipt(), 1),
    "enclosed": ("letter_enclosed", {**reminder("friendly"), "paid_on": date(2024, 3, 12)}, 1),
    "post-list": (
        "post_list",
        {
            "today": date(2024, 3, 12),
            "reference": "Batch 7",
            "sender": Sender(),
            "made_by": "Kim Example",
            "sheets": 3,
            "rows": [
                {
                    "number": 1,
                    "reference": "K7M3PQ-X",
                    "letter": "Formal reminder",
                    "recipient": "Harbour Shop GmbH",
                    "place": "20457 Hamburg",
                    "pages": 1,
                    "registered": True,
                },
                {
                    "number": 2,
                    "reference": "R2D9WF-4",
                    "letter": "Offer",
                    "recipient": "Example Walks Ltd",
                    "place": "10115 Berlin",
                    "pages": 2,
                    "registered": False,
                },
            ],
        },
        1,
    ),
    "contract": ("contract_terms", contract(), 1),
    "summary": ("claim_summary", summary(), 1),
}
