"""Every component once, on a demo instance only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional

from workflow.demo.styleguide_samples import samples
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound
from workflow.kernel.money import Money
from workflow.web.blueprints import role_blueprint
from workflow.web.current import now, runtime
from workflow.web.forms import BaseForm

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

demo_styleguide = role_blueprint("demo_styleguide", __name__, role=Role.PUBLIC)


class ExampleForm(BaseForm):
    """One field of each kind."""

    name = StringField("Your name", [DataRequired("Please tell us your name.")])
    town = StringField("Town", [Optional()])
    topic = SelectField(
        "Topic", choices=[SelectChoice("letter", "A letter"), SelectChoice("photographs", "Photographs")]
    )
    way = RadioField(
        "Answer",
        choices=[SelectChoice("mail", "By e-mail"), SelectChoice("call", "By telephone")],
        default="mail",
    )
    words = TextAreaField("What it is about", [Optional()])
    read = BooleanField("I have read it")


@demo_styleguide.get("/styleguide")
def show() -> ResponseReturnValue:
    """The style guide."""
    if not runtime().config.demo:
        raise NotFound
    form = ExampleForm(formdata=None)
    form.name.errors = ["Please tell us your name."]
    return render_template("styleguide.html", amount=Money, form=form, **samples(now()))
