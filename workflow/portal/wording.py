"""The lists a recipient chooses from, in the words they are shown, stored and read by the operator."""

from __future__ import annotations

from workflow.kernel.said import say

SOURCES: dict[str, str] = {
    "stock": say("Stock site"),
    "agency": say("Picture agency"),
    "designer": say("Our designer or web agency had it"),
    "creative_commons": say("Creative Commons or another open licence"),
    "press_kit": say("Press kit"),
    "owner": say("The photographer or rights-holder agreed"),
    "embedded": say("Embedded from another site that may show it"),
    "other": say("Something else"),
}

REASONS: dict[str, str] = {
    "not_my_site": say("It is not my site"),
    "not_this_picture": say("It is not this photograph"),
    "removed_before": say("It was removed before your letter"),
    "quotation": say("It is a quotation the law permits"),
    "embedded": say("It is embedded or linked, not copied"),
    "creative_commons": say("It is under an open licence"),
    "press_kit": say("It is from a press kit"),
    "author": say("I took the photograph myself"),
    "owner_agreed": say("The owner agreed"),
    "amount": say("The amount is wrong"),
    "wrong_party": say("You write to the wrong person or company"),
    "hardship": say("I cannot pay this"),
    "time_barred": say("It is too long ago"),
    "other": say("Something else"),
}

TOPICS: dict[str, str] = {
    "question": say("I have a question"),
    "time": say("I need more time: 14 days more"),
    "data": say("My personal data: what you hold, where it is from, correct or delete it"),
}
