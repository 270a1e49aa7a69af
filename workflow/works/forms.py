"""The shape of what owners send about photographs."""

from __future__ import annotations

import uuid
from types import MappingProxyType
from typing import Any

from flask import request
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import HiddenField, IntegerField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired
from wtforms.widgets import HiddenInput

from workflow.kernel.ids import new_id
from workflow.kernel.said import say
from workflow.web.forms import BaseForm
from workflow.works.models import LINE_LENGTH, TITLE_LENGTH, Work
from workflow.works.rules import UploadRules
from workflow.works.services import WorkWords

WHERE_LENGTH = 2000
ACCEPT = "image/jpeg,image/png,image/webp,image/tiff,image/heic,image/avif,.heic,.avif"


class UploadForm(BaseForm):
    """Photographs, and what is known of their life on the web."""

    longest = MappingProxyType({
        "online_since": LINE_LENGTH, "published_where": LINE_LENGTH, "batch": 40,
    })  # fmt: skip

    photographs = MultipleFileField("Drop photographs here, or choose them")
    online_since = StringField("Online since")
    published_where = StringField("Published where")
    batch = HiddenField()

    def validate_photographs(self, _field: Any) -> None:
        """At least one file; a file without a name counts when it holds something."""
        if not self.files():
            raise ValidationError(say("Please choose at least one photograph."))

    def files(self) -> list[FileStorage]:
        """The files of the field; the empty one that browsers send when none is chosen is left out."""
        sent = request.files.getlist(self.photographs.name)
        return [file for file in sent if file.filename or _holds_something(file)]

    def too_many(self, rules: UploadRules) -> bool:
        """Whether more came in one form than can be worked through while a browser waits."""
        return len(self.files()) > rules.files_without_scripts

    def batch_id(self) -> uuid.UUID:
        """The upload these files belong to; what is no key begins a new one."""
        try:
            return uuid.UUID(self.batch.data or "")
        except ValueError:
            return new_id()


class WorkForm(BaseForm):
    """The words of one photograph."""

    longest = MappingProxyType({
        "title": TITLE_LENGTH, "creator": LINE_LENGTH, "credit_line": LINE_LENGTH,
        "copyright_notice": LINE_LENGTH, "online_since": LINE_LENGTH, "published_where": WHERE_LENGTH,
    })  # fmt: skip

    title = StringField("Title", [DataRequired(say("A photograph needs a title."))])
    creator = StringField("Photographer")
    credit_line = StringField("Credit")
    copyright_notice = StringField("Copyright notice")
    online_since = StringField("Online since")
    published_where = TextAreaField("Published where")
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])

    @classmethod
    def of(cls, work: Work) -> WorkForm:
        """The form as it opens: what is stored now, and which version of it."""
        return cls(obj=work)

    def words(self) -> WorkWords:
        """What was typed."""
        return WorkWords(
            title=self.title.data or "",
            creator=self.creator.data or "",
            credit_line=self.credit_line.data or "",
            copyright_notice=self.copyright_notice.data or "",
            online_since=self.online_since.data or "",
            published_where=self.published_where.data or "",
        )


def _holds_something(file: FileStorage) -> bool:
    first = file.stream.read(1)
    file.stream.seek(0)
    return bool(first)
