"""The shape of what operators write down about what came in."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from flask_wtf.file import MultipleFileField
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional

from workflow.cases.arrivals.services import ArrivalFacts
from workflow.cases.arrivals.states import ABOUT_WORDS, KIND_WORDS, ArrivalAbout, ArrivalKind
from workflow.cases.forms import offered
from workflow.kernel.said import say
from workflow.web.forms import BaseForm


class ArrivalForm(BaseForm):
    """A letter, call or mail; ``key`` is made with the page, so that pressing twice is one record."""

    longest: ClassVar[dict[str, int]] = {"summary": 10_000, "reference": 20, "key": 40, "message": 40}

    kind = SelectField(
        "What came in", choices=offered([(each.value, words) for each, words in KIND_WORDS.items()])
    )
    received_on = DateField("Received on", [InputRequired(say("Please give the day."))])
    sender = StringField("From", [DataRequired(say("Please say from whom it is."))])
    about = SelectField(
        "What it is about", choices=offered([(each.value, words) for each, words in ABOUT_WORDS.items()])
    )
    summary = TextAreaField("What it says", [DataRequired(say("Please say in a few words what it says."))])
    reference = StringField("Case", [Optional()])
    scans = MultipleFileField("Scan")
    key = HiddenField()
    #: The message of the contact page that is written down, if it is one.
    message = HiddenField()

    def facts(self) -> ArrivalFacts:
        """What was written."""
        assert isinstance(self.received_on.data, date), "validated before"
        return ArrivalFacts(
            kind=ArrivalKind(self.kind.data),
            about=ArrivalAbout(self.about.data),
            received_on=self.received_on.data,
            sender=self.sender.data or "",
            summary=self.summary.data or "",
        )


class AssignForm(BaseForm):
    """Which case it belongs to."""

    longest: ClassVar[dict[str, int]] = {"reference": 20}

    reference = StringField("Case", [DataRequired(say("Please give the reference of the case."))])


class SettleForm(BaseForm):
    """What became of a message of the contact page."""

    note = StringField(
        "What became of it", [DataRequired(say("Please say what became of it, in a sentence."))]
    )


class WithdrawForm(BaseForm):
    """Why a record is wrong."""

    note = StringField(
        "What is wrong", [DataRequired(say("Please say what is wrong with it, in a sentence."))]
    )
