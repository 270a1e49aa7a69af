"""What a licence would have cost: facts with their grade, dated tariffs, formulas with a version, one sheet.

The same facts, edition and formula give the same cents years later; all three are stored with the offer.
There is no penalty for being unlicensed; a missing credit is its own line (market practice).
"""

from workflow.cases.pricing.approvals import (
    TariffApproval,
    approval_of,
    decide_on_tariff,
    decisions_on,
    tariff_today,
    why_not_approved,
)
from workflow.cases.pricing.editions import (
    TariffEdition,
    import_file,
    known,
    tariff_is_example,
    tariff_on,
    tariffs_of,
)
from workflow.cases.pricing.facts import (
    MEDIA,
    MEDIA_WORDS,
    Exchange,
    Exclusivity,
    FeeFacts,
    Grade,
    OwnInvoice,
    Placement,
    Source,
    SpecialShot,
    UserKind,
)
from workflow.cases.pricing.known import facts_shown
from workflow.cases.pricing.quoting import CourtView, again, as_damages, court_view, estimate, quote
from workflow.cases.pricing.reading import from_stored, read_facts
from workflow.cases.pricing.sheet import Basis, FactShown, FeeSheet, SheetLine
from workflow.cases.pricing.tariffs import Tariff

__all__ = [
    "MEDIA",
    "MEDIA_WORDS",
    "Basis",
    "CourtView",
    "Exchange",
    "Exclusivity",
    "FactShown",
    "FeeFacts",
    "FeeSheet",
    "Grade",
    "OwnInvoice",
    "Placement",
    "SheetLine",
    "Source",
    "SpecialShot",
    "Tariff",
    "TariffApproval",
    "TariffEdition",
    "UserKind",
    "again",
    "approval_of",
    "as_damages",
    "court_view",
    "decide_on_tariff",
    "decisions_on",
    "estimate",
    "facts_shown",
    "from_stored",
    "import_file",
    "known",
    "quote",
    "read_facts",
    "tariff_is_example",
    "tariff_on",
    "tariff_today",
    "tariffs_of",
    "why_not_approved",
]
