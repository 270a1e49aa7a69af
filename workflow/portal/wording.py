"""The lists a recipient chooses from, in the words they are shown, stored and read by the operator."""

from __future__ import annotations

SOURCES: dict[str, str] = {
    "stock": "Stock site",
    "agency": "Picture agency",
    "designer": "Our designer or web agency had it",
    "creative_commons": "Creative Commons or another open licence",
    "press_kit": "Press kit",
    "owner": "The photographer or rights-holder agreed",
    "embedded": "Embedded from another site that may show it",
    "other": "Something else",
}

REASONS: dict[str, str] = {
    "not_my_site": "It is not my site",
    "not_this_picture": "It is not this photograph",
    "removed_before": "It was removed before your letter",
    "quotation": "It is a quotation the law permits",
    "embedded": "It is embedded or linked, not copied",
    "creative_commons": "It is under an open licence",
    "press_kit": "It is from a press kit",
    "author": "I took the photograph myself",
    "owner_agreed": "The owner agreed",
    "amount": "The amount is wrong",
    "wrong_party": "You write to the wrong person or company",
    "hardship": "I cannot pay this",
    "time_barred": "It is too long ago",
    "other": "Something else",
}

TOPICS: dict[str, str] = {
    "question": "I have a question",
    "time": "I need more time: 14 days more",
    "data": "My personal data: what you hold, where it is from, correct or delete it",
}
