"""The shape of a decision about the price."""

from __future__ import annotations

from typing import ClassVar

from wtforms import HiddenField, TextAreaField

from workflow.cases.bargaining.challenging import LONGEST_REASON
from workflow.web.forms import BaseForm


class DecideForm(BaseForm):
    """A reason, and the version the page showed."""

    longest: ClassVar[dict[str, int]] = {"note": LONGEST_REASON}

    note = TextAreaField("Why")
    version = HiddenField()
