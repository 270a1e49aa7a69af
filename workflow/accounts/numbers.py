"""Numbers with check digits: VAT ids, IBAN, BIC. Checked by form only, never over the network."""

from __future__ import annotations

from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers
from stdnum.ch import vat as swiss_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as british_vat

from workflow.kernel.errors import Refused
from workflow.kernel.said import say

SHORTEST_FOREIGN, LONGEST_FOREIGN = 4, 20
#: Where the two letters of a VAT number are not those of the country.
VAT_PREFIX = {"GR": "EL"}


def checked_vat_id(text: str, country: str) -> str:
    """The VAT id in compact form with its country's letters, or :class:`Refused`."""
    compact = "".join(sign for sign in text.upper() if sign.isalnum())
    try:
        if country == "GB":
            return "GB" + british_vat.validate(compact.removeprefix("GB"))
        if country == "CH":
            return str(swiss_vat.validate(compact))
        if country.lower() not in eu_vat.MEMBER_STATES:
            return _foreign(compact)
        number = str(eu_vat.validate(compact))
    except ValidationError as wrong:
        raise Refused(
            say("This VAT number has a wrong form or check digit. It looks like DE136695976.")
        ) from wrong
    if not number.startswith(VAT_PREFIX.get(country, country)):
        raise Refused(say("This VAT number belongs to another country than the one you chose."))
    return number


def checked_iban(text: str) -> str:
    """The IBAN in compact form, or :class:`Refused`."""
    try:
        return str(iban_numbers.validate(text))
    except ValidationError as wrong:
        raise Refused(
            say("This IBAN has a wrong length or check digits. Please compare it with your card.")
        ) from wrong


def checked_bic(text: str) -> str:
    """The BIC in compact form, or :class:`Refused`."""
    try:
        return str(bic_numbers.validate(text))
    except ValidationError as wrong:
        raise Refused(say("This BIC has a wrong form. It has 8 or 11 signs.")) from wrong


def _foreign(compact: str) -> str:
    """Numbers of countries whose form we do not know are taken as they are."""
    if not SHORTEST_FOREIGN <= len(compact) <= LONGEST_FOREIGN:
        raise Refused(say("This tax number has a wrong length."))
    return compact
