"""The shape of what people type about themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Email, Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from workflow.accounts import choices
from workflow.accounts.numbers import checked_bic, checked_iban, checked_vat_id
from workflow.accounts.passwords import LONGEST, flaw_of_password
from workflow.accounts.places import checked_postcode, checked_region
from workflow.accounts.states import REGISTERED, Capacity, LegalBasis, Rank, TaxState
from workflow.kernel.errors import Refused
from workflow.kernel.said import say
from workflow.web.forms import BaseForm

EMAIL_LENGTH = 254
PHONE = r"^\+?[0-9][0-9 ()/.\-]{4,30}$"

_address = Email(message=say("This is not an e-mail address. It looks like name@example.org."))
_needed = DataRequired(say("This is needed."))


def _or_fault(check: Callable[..., object], *of: str | None) -> None:
    """A service's own check, its refusal told at the field: all of them in one round."""
    try:
        check(*of)
    except Refused as refusal:
        raise ValidationError(*refusal.reasons) from refusal


class SignUpForm(BaseForm):
    """An account in two minutes."""

    longest: ClassVar[dict[str, int]] = {"email": EMAIL_LENGTH, "password": LONGEST, "vat_id": 30}

    name = StringField("Your name or company", [_needed])
    email = EmailField("E-mail", [_needed, _address])
    password = PasswordField("Password", [_needed])
    kind = SelectField("You are a", choices=choices.owner_kinds)
    capacity = SelectField("Your right in the photographs", choices=lambda: choices.words(Capacity))
    country = SelectField("Country", choices=choices.countries, default="DE")
    tax_state = RadioField("Tax", choices=lambda: choices.words(TaxState), default=TaxState.PRIVATE.value)
    vat_id = StringField("VAT number", [Optional()])
    terms_version = HiddenField()
    accept_terms = BooleanField(
        "I accept the terms", [DataRequired(say("Please read and accept the terms."))]
    )

    def validate_password(self, field: Any) -> None:
        """Long enough, not the address."""
        flaw = flaw_of_password(field.data or "", not_like=self.email.data or "")
        if flaw:
            raise ValidationError(flaw)

    def validate_vat_id(self, field: Any) -> None:
        """Needed for a registered business; its digits are checked by the service."""
        if self.tax_state.data == TaxState.VAT_REGISTERED.value and not field.data:
            raise ValidationError(say("A business with a VAT number needs to tell the number."))


class ConfirmForm(BaseForm):
    """One button: the address is mine."""


class FoundingForm(BaseForm):
    """The first operator's account."""

    longest: ClassVar[dict[str, int]] = {"email": EMAIL_LENGTH, "password": LONGEST}

    name = StringField("Your name", [_needed])
    email = EmailField("E-mail", [_needed, _address])
    password = PasswordField("Password", [_needed])

    def validate_password(self, field: Any) -> None:
        """As at sign-up."""
        flaw = flaw_of_password(field.data or "", not_like=self.email.data or "")
        if flaw:
            raise ValidationError(flaw)


class InviteForm(BaseForm):
    """Whom to invite as what: a rank of the office, or a legal partner."""

    longest: ClassVar[dict[str, int]] = {"email": EMAIL_LENGTH}

    name = StringField("Name", [_needed])
    email = EmailField("E-mail", [_needed, _address])
    place = RadioField("What this person does here", choices=choices.places)


class RankForm(BaseForm):
    """Another rank."""

    rank = SelectField("New rank", choices=lambda: choices.words(Rank))


class LogInForm(BaseForm):
    """Address and password; what is wrong with them is told by one sentence only."""

    longest: ClassVar[dict[str, int]] = {"email": EMAIL_LENGTH, "password": LONGEST}

    email = EmailField("E-mail", [_needed])
    password = PasswordField("Password", [_needed])
    next = HiddenField()


class CodeForm(BaseForm):
    """The second step: six digits of the app, or a recovery code."""

    longest: ClassVar[dict[str, int]] = {"code": 40}

    code = StringField("Code", [_needed])
    next = HiddenField()


class ProveForm(BaseForm):
    """The password again, and a code where there is a second factor, before a dangerous step."""

    longest: ClassVar[dict[str, int]] = {"password": LONGEST, "code": 40}

    password = PasswordField("Password", [_needed])
    code = StringField("Code of your app")
    next = HiddenField()


class ForgottenForm(BaseForm):
    """Where to send the link for a new password."""

    longest: ClassVar[dict[str, int]] = {"email": EMAIL_LENGTH}

    email = EmailField("E-mail", [_needed, _address])


class NewPasswordForm(BaseForm):
    """A new password, by a mailed link."""

    longest: ClassVar[dict[str, int]] = {"password": LONGEST}

    password = PasswordField("New password", [_needed])

    def validate_password(self, field: Any) -> None:
        """As at sign-up."""
        flaw = flaw_of_password(field.data or "")
        if flaw:
            raise ValidationError(flaw)


class ProfileForm(BaseForm):
    """An owner's own facts."""

    longest: ClassVar[dict[str, int]] = {
        "address": 400, "vat_id": 30, "iban": 50, "bank_holder": 70,
    }  # fmt: skip

    name = StringField("Name or company", [_needed])
    address = TextAreaField("Postal address", [Optional()])
    country = SelectField("Country", choices=choices.countries)
    tax_state = RadioField("Tax", choices=lambda: choices.words(TaxState))
    vat_id = StringField("VAT number", [Optional()])
    bank_holder = StringField("Account holder", [Optional()])
    iban = StringField("IBAN", [Optional()])


class ReadingForm(BaseForm):
    """In which language and zone somebody reads."""

    longest: ClassVar[dict[str, int]] = {"time_zone": 60}

    language = SelectField("Language", choices=choices.reading_languages)
    time_zone = StringField("Time zone", [Optional()])


class PasswordForm(BaseForm):
    """A new password, after the present one."""

    longest: ClassVar[dict[str, int]] = {"present": LONGEST, "password": LONGEST}

    present = PasswordField("Present password", [_needed])
    password = PasswordField("New password", [_needed])

    def validate_password(self, field: Any) -> None:
        """As at sign-up."""
        flaw = flaw_of_password(field.data or "")
        if flaw:
            raise ValidationError(flaw)


class ContactForm(BaseForm):
    """A message to whoever operates this instance."""

    longest: ClassVar[dict[str, int]] = {"email": EMAIL_LENGTH, "text": 5_000}

    name = StringField("Your name", [_needed])
    email = EmailField("E-mail", [_needed, _address])
    text = TextAreaField("Your message", [_needed])


class SetUpForm(BaseForm):
    """Who operates this instance; every letter is written from these answers."""

    longest: ClassVar[dict[str, int]] = {
        "postcode": 20, "city": 100, "region": 10, "vat_id": 30, "phone": 40, "iban": 50,
        "bic": 20, "bank_holder": 70, "sender_email": EMAIL_LENGTH, "register_entry": 200, "authority": 300,
    }  # fmt: skip

    name = StringField("Name of the company or person", [_needed])
    legal_basis = RadioField("Legal basis", choices=lambda: choices.words(LegalBasis))
    street = StringField("Street and number", [_needed])
    postcode = StringField("Postcode", [_needed])
    city = StringField("Town", [_needed])
    country = SelectField("Country", choices=choices.countries, default="DE")
    region = StringField("Region", [Optional()], description="Short code of the holiday calendar.")
    register_entry = StringField("Register entry")
    authority = StringField("Supervisory authority", [Optional()])
    vat_id = StringField("VAT number", [Optional()])
    contact_name = StringField("Contact person", [_needed])
    phone = TelField(
        "Telephone", [_needed, Regexp(PHONE, message=say("Use digits, such as +49 30 5550100."))]
    )
    sender_email = EmailField("Sender of mails", [_needed, _address])
    bank_holder = StringField("Account holder", [_needed])
    iban = StringField("IBAN", [_needed])
    bic = StringField("BIC", [Optional()])
    languages = SelectMultipleField(
        "Languages of letters",
        choices=choices.languages,
        default=["en"],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    currency = SelectField("Currency", choices=choices.currencies)
    time_zone = SelectField("Time zone", choices=choices.time_zones, default="Europe/Berlin")
    logo = FileField("Logo")

    def validate_postcode(self, field: Any) -> None:
        """As they look in the chosen country."""
        _or_fault(checked_postcode, field.data, self.country.data)

    def validate_region(self, field: Any) -> None:
        """One whose holidays are known."""
        _or_fault(checked_region, field.data, self.country.data)

    def validate_register_entry(self, field: Any) -> None:
        """Needed for whoever collects for others."""
        if self.legal_basis.data in set(REGISTERED) and not field.data:
            raise ValidationError(say("A registered collector or law firm names its register and number."))

    def validate_vat_id(self, field: Any) -> None:
        """Its check digits, and that it is of the chosen country."""
        _or_fault(checked_vat_id, field.data, self.country.data)

    def validate_iban(self, field: Any) -> None:
        """Its check digits."""
        _or_fault(checked_iban, field.data)

    def validate_bic(self, field: Any) -> None:
        """Its form."""
        _or_fault(checked_bic, field.data)

    def validate_languages(self, field: Any) -> None:
        """One at least."""
        if not field.data:
            raise ValidationError(say("Choose at least one language for letters."))
