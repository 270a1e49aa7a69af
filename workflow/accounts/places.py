"""Postcodes and regions, checked by form only, never over the network."""

from __future__ import annotations

import re

from workflow.kernel.calendar import regions_of
from workflow.kernel.errors import Refused
from workflow.kernel.said import say

#: How postcodes look where we know it (Universal Postal Union, addressing systems); elsewhere any short line.
POSTCODES = {
    "AT": r"[1-9]\d{3}", "BE": r"[1-9]\d{3}", "CH": r"[1-9]\d{3}", "DE": r"\d{5}", "DK": r"\d{4}",
    "ES": r"\d{5}", "FR": r"\d{5}", "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", "IT": r"\d{5}",
    "LI": r"94\d{2}", "LU": r"\d{4}", "NL": r"[1-9]\d{3} ?[A-Z]{2}", "PL": r"\d{2}-\d{3}",
    "PT": r"\d{4}-\d{3}", "SE": r"\d{3} ?\d{2}", "US": r"\d{5}(-\d{4})?",
}  # fmt: skip
ANY_POSTCODE = r"[A-Z0-9][A-Z0-9 \-]{0,14}"


def checked_postcode(text: str, country: str) -> str:
    """The postcode in capitals, or :class:`Refused` when it cannot be one of this country."""
    code = " ".join(text.upper().split())
    if not re.fullmatch(POSTCODES.get(country, ANY_POSTCODE), code):
        raise Refused(say("This is not a postcode of the country you chose."))
    return code


def checked_region(text: str, country: str) -> str:
    """The code of a region whose holidays are known, or :class:`Refused` with those that are."""
    code = text.strip().upper()
    known = regions_of(country)
    if code in known:
        return code
    if not known:
        raise Refused(say("No regions of this country are known here; leave it empty."))
    raise Refused(
        say("“{region}” is not a region of this country. Known are {known}.",
            region=code[:10], known=", ".join(known))
    )  # fmt: skip
