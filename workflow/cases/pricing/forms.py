"""The shape of what operators send about a fee."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional, ValidationError

from workflow.cases.forms import Choice, offered
from workflow.cases.pricing import (
    MEDIA,
    MEDIA_WORDS,
    Exclusivity,
    FeeFacts,
    Grade,
    OwnInvoice,
    Placement,
    Source,
    SpecialShot,
    UserKind,
)
from workflow.cases.pricing.facts import (
    EXCLUSIVITY_WORDS,
    MOST_INVOICES,
    MOST_USES,
    PLACEMENT_WORDS,
    SOURCE_WORDS,
    SPECIAL_WORDS,
    USER_WORDS,
)
from workflow.cases.states import UseClass
from workflow.kernel.errors import Refused
from workflow.kernel.money import Currency, Money
from workflow.kernel.said import say
from workflow.web.forms import BaseForm

USE_CHOICES: list[Choice] = [(kind.value, say(kind.value.capitalize())) for kind in UseClass]
MEDIUM_CHOICES: list[Choice] = [(word, say(MEDIA_WORDS[word].capitalize())) for word in MEDIA]
LONGEST_SIDE = 100_000
INVOICE_NUMBER, MOST_MONTHS = 100, 1_200


def _choices(words: Mapping[Any, str]) -> list[SelectChoice]:
    return offered([(member.value, word) for member, word in words.items()])


class FeeForm(BaseForm):
    """What the fee depends on; sent by GET, because looking at a sum changes nothing."""

    class Meta(BaseForm.Meta):
        """A GET carries no token."""

        csrf = False

    use_class = SelectField("Kind of use", choices=offered(USE_CHOICES))
    medium = SelectField("Where", choices=offered(MEDIUM_CHOICES))
    first_seen = DateField("First seen", [InputRequired(say("Please give the day."))])
    last_seen = DateField("Last seen", [InputRequired(say("Please give the day."))])
    longest_side_px = IntegerField(
        "Longest side in pixels",
        [
            InputRequired(say("Please give the size.")),
            NumberRange(1, LONGEST_SIDE, say("Please give pixels.")),
        ],
    )
    placement = SelectField("Placement", choices=_choices(PLACEMENT_WORDS), default=Placement.SUB_PAGE.value)
    credited = BooleanField("The photographer is named beside it")
    uses = IntegerField(
        "Uses of the photograph",
        [NumberRange(1, MOST_USES, say("Please give a number from 1 to {most}.", most=MOST_USES))],
        default=1,
    )
    languages = IntegerField(
        "Languages of the page", [NumberRange(1, 100, say("Please give a number from 1 to 100."))], default=1
    )
    altered = BooleanField("The photograph was altered")
    user = SelectField("Used by", choices=_choices(USER_WORDS), default=UserKind.UNKNOWN.value)
    source = SelectField("It could be had", choices=_choices(SOURCE_WORDS), default=Source.RESERVED.value)
    special = SelectField("Taken", choices=_choices(SPECIAL_WORDS), default=SpecialShot.NONE.value)
    exclusivity = SelectField(
        "The use was", choices=_choices(EXCLUSIVITY_WORDS), default=Exclusivity.NONE.value
    )
    amateur = BooleanField("The photographer does not live by photographs")
    invoices = TextAreaField("Invoices of the rights-holder for such uses", [Optional()])

    def facts(self) -> FeeFacts:
        """What was chosen; :class:`Refused` when a line of the invoices cannot be read."""
        first, last = self.first_seen.data, self.last_seen.data
        assert isinstance(first, date) and isinstance(last, date), "validated before"
        use_class, medium = UseClass(self.use_class.data), str(self.medium.data)
        return FeeFacts(
            use_class=use_class,
            medium=medium,
            placement=Placement(self.placement.data),
            longest_side_px=int(self.longest_side_px.data or 0),
            first_seen=first,
            last_seen=last,
            credited=bool(self.credited.data),
            uses=self.uses.data or 1,
            languages=self.languages.data or 1,
            altered=bool(self.altered.data),
            exclusivity=Exclusivity(self.exclusivity.data),
            special=SpecialShot(self.special.data),
            source=Source(self.source.data),
            user=UserKind(self.user.data),
            professional=not self.amateur.data,
            practice=invoices_of(str(self.invoices.data or ""), use_class, medium),
            grades={"practice": Grade.STATED} if self.invoices.data else {},
        )

    def validate_invoices(self, field: Any) -> None:
        """Every line can be read."""
        try:
            invoices_of(str(field.data or ""), UseClass.COMMERCIAL, "website")
        except Refused as refusal:
            raise ValidationError(*refusal.reasons) from refusal


def invoices_of(text: str, use_class: UseClass, medium: str) -> tuple[OwnInvoice, ...]:
    """One invoice per line, ``number; day; months; net`` such as ``2023-114; 2023-05-02; 12; 240.00``."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            name, day, months, net = (part.strip() for part in line.split(";"))
            invoice = OwnInvoice(
                name, date.fromisoformat(day), use_class, medium, int(months), Money.parse(net)
            )
            assert name and len(name) <= INVOICE_NUMBER and 1 <= invoice.months <= MOST_MONTHS
            assert invoice.net.minor > 0
        except (ValueError, Refused, AssertionError) as wrong:
            raise Refused(
                say("Line {number} is not “number; day; months; net”, such as {example}.",
                    number=number, example="2023-114; 2023-05-02; 12; 240.00")
            ) from wrong  # fmt: skip
        found.append(invoice)
    if len(found) > MOST_INVOICES:
        raise Refused(say("At most {most} invoices can be compared.", most=MOST_INVOICES))
    return tuple(found)


def fee_data(facts: FeeFacts) -> dict[str, Any]:
    """The facts as the fields of :class:`FeeForm` take them."""
    written = "\n".join(
        f"{each.number}; {each.on.isoformat()}; {each.months}; {Decimal(each.net.minor) / 100:.2f}"
        for each in facts.practice
    )
    return {
        **facts.as_json(), "first_seen": facts.first_seen, "last_seen": facts.last_seen,
        "amateur": not facts.professional, "invoices": written,
    }  # fmt: skip


class PriceForm(FeeForm):
    """The facts again, now to be kept; with a price of one's own and its reason if wanted."""

    class Meta(BaseForm.Meta):
        """A POST carries its token."""

        csrf = True

    longest: ClassVar[dict[str, int]] = {"own_net": 20, "why": 300}

    own_net = StringField("Own price, net", [Optional()])
    why = StringField("Why another price", [Optional()])
    version = HiddenField()

    def net(self, currency: Currency) -> Money | None:
        """The price that was typed, or ``None`` for the tariff's; :class:`Refused` when unreadable."""
        text = str(self.own_net.data or "").strip()
        return Money.parse(text, currency) if text else None


class TariffFileForm(BaseForm):
    """A file with tariff editions."""

    file = FileField("File", [FileRequired(say("Please choose a file."))])


class TariffDecisionForm(BaseForm):
    """Why a neutral tariff is approved, or not any more."""

    longest: ClassVar[Mapping[str, int]] = {"note": 500}

    note = StringField("Why", [DataRequired(say("Please say why, in a sentence."))])
