"""The shape of what operators type about the passport."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import DataRequired

from workflow.kernel.said import say
from workflow.web.forms import BaseForm


class EndForm(BaseForm):
    """Why an entry ends."""

    note = StringField("Why it ends", [DataRequired(say("Please say why it ends, in a sentence."))])
