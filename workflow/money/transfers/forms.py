"""The shape of what people write down from a bank statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from wtforms import BooleanField, DateField, HiddenField, StringField
from wtforms.validators import DataRequired, InputRequired, Optional, ValidationError

from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say
from workflow.money.transfers.recording import Statement
from workflow.web.forms import BaseForm


class TransferForm(BaseForm):
    """One line of the statement; ``key`` is made with the page, so that pressing twice is one record."""

    longest: ClassVar[Mapping[str, int]] = {"amount": 20, "purpose": 300, "reference": 40, "key": 40}

    value_on = DateField("Value date", [InputRequired(say("Please give the day."))])
    amount = StringField("Amount", [DataRequired(say("Please give the sum."))])
    party = StringField("Name", [DataRequired(say("Please say who paid, as the statement names them."))])
    purpose = StringField("Purpose", [Optional()])
    reference = StringField("Case", [Optional()])
    again = BooleanField("It stands there once more")
    key = HiddenField()

    def validate_amount(self, field: StringField) -> None:
        """A sum of money."""
        try:
            Money.parse(str(field.data), Currency.EUR)
        except Refused as refusal:
            raise ValidationError(*refusal.reasons) from refusal

    def line(self, currency: Currency) -> Statement:
        """What was written."""
        assert isinstance(self.value_on.data, date), "validated before"
        return Statement(
            value_on=self.value_on.data, amount=Money.parse(str(self.amount.data), currency),
            party=self.party.data or "", purpose=self.purpose.data or "", again=bool(self.again.data),
        )  # fmt: skip


class AssignForm(BaseForm):
    """Which case it belongs to."""

    longest: ClassVar[Mapping[str, int]] = {"reference": 20}

    reference = StringField("Case", [DataRequired(say("Please give the reference of the case."))])


class WithdrawForm(BaseForm):
    """Why a record is wrong."""

    note = StringField(
        "What is wrong", [DataRequired(say("Please say what is wrong with it, in a sentence."))]
    )
