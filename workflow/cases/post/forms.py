"""The shape of what operators send about letters on paper."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional, Regexp

from workflow.cases.forms import offered
from workflow.cases.models import Case
from workflow.cases.post.channels import CHOICE_WORDS
from workflow.cases.post.states import RETURN_WORDS, ReturnReason
from workflow.cases.states import ChannelChoice
from workflow.kernel.said import say
from workflow.web.forms import BaseForm


class BatchForm(BaseForm):
    """The press for a batch; ``key`` is made with the page, so that pressing twice is one batch."""

    longest: ClassVar[dict[str, int]] = {"key": 40}

    key = StringField("Key", [Regexp(r"[0-9a-f]{32}$", message=say("Please open the page again."))])


class DayForm(BaseForm):
    """A day something happened on. Registered numbers come beside it as ``number-<delivery>``."""

    on = DateField("On", [InputRequired(say("Please give the day."))])

    @property
    def day(self) -> date:
        """What was chosen."""
        assert isinstance(self.on.data, date), "validated before"
        return self.on.data


class LeftForm(DayForm):
    """A letter that left though it was taken out of its batch."""

    note = StringField("Why", [DataRequired(say("Please say why it left, in a sentence."))])


class WhyForm(BaseForm):
    """A reason."""

    note = StringField("Why", [DataRequired(say("Please say why, in a sentence."))])


class ReturnForm(DayForm):
    """A letter came back."""

    longest: ClassVar[dict[str, int]] = {"note": 400}

    reason = SelectField(
        "Reason", choices=offered([(each.value, words) for each, words in RETURN_WORDS.items()])
    )
    note = StringField("What the envelope says", [Optional()])
    scan = FileField("Scan of the envelope")

    @property
    def why(self) -> ReturnReason:
        """What was chosen."""
        return ReturnReason(self.reason.data)


class AgainForm(BaseForm):
    """The same letter once more, perhaps to another address."""

    longest: ClassVar[dict[str, int]] = {"address": 600}

    address = TextAreaField("Corrected address", [Optional()])
    note = StringField(
        "Known from",
        [DataRequired(say("Please say where the address is known from, or why it is tried again."))],
    )


class ChannelForm(BaseForm):
    """How the letters of a case travel."""

    choice = SelectField(
        "Letters go", choices=offered([(each.value, words) for each, words in CHOICE_WORDS.items()])
    )
    email = StringField("E-mail", [Optional()])
    address = TextAreaField("Postal address", [Optional()])
    note = StringField("Why", [DataRequired(say("Please say why, in a sentence."))])
    version = HiddenField()

    @classmethod
    def of(cls, case: Case) -> ChannelForm:
        """The form as it opens."""
        return cls(
            formdata=None,
            data={
                "choice": case.channel.value, "email": case.recipient_email,
                "address": case.recipient_address, "version": str(case.version),
            },
        )  # fmt: skip

    @property
    def chosen(self) -> ChannelChoice:
        """What was chosen."""
        return ChannelChoice(self.choice.data)
