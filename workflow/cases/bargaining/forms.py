"""The shape of decisions about the price."""

from __future__ import annotations

from typing import ClassVar

from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, NumberRange

from workflow.cases.bargaining.challenging import LONGEST_REASON
from workflow.cases.bargaining.countering import Verdict
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say
from workflow.web.forms import BaseForm


class DecideForm(BaseForm):
    """A reason, and the version the page showed."""

    longest: ClassVar[dict[str, int]] = {"note": LONGEST_REASON}

    note = TextAreaField("Why")
    version = HiddenField()


class CounterDecisionForm(DecideForm):
    """Accept, decline, or name another sum."""

    longest: ClassVar[dict[str, int]] = {"note": LONGEST_REASON, "total": 20, "verdict": 20}

    verdict = StringField(
        "Decision", [AnyOf([each.value for each in Verdict], say("Please choose a decision."))]
    )
    total = StringField("Another sum, VAT included")

    def named(self, currency: Currency) -> Money | None:
        """The sum that was typed; :class:`Refused` when it cannot be read."""
        text = str(self.total.data or "").strip()
        return Money.parse(text, currency) if text else None


class LimitForm(BaseForm):
    """How low the rights-holder goes without being asked."""

    percent = IntegerField(
        "Lowest counter-offer you accept without being asked, in per cent",
        [
            InputRequired(say("Please give a number, 100 for never.")),
            NumberRange(1, 100, say("Please give a number from 1 to {most}.", most=100)),
        ],
    )
