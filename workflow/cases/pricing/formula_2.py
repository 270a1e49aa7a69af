"""The second formula: the owner's invoices before any tariff, every surcharge a line, capped by practice.

1. What could be had for nothing (a Creative Commons licence, a press kit) has no licence value, and a missing
   name doubles nothing (OLG Köln, 2014).
2. Comparable invoices of the owner make the price: the middle one, carried to the length of the use.
3. Otherwise the tariff: its base for the use and medium, times the step of the length; placement, size,
   languages, alteration, rarity, exclusivity and who used it are shares of that, each a line.
4. Further pages or channels with the same photograph.
5. Where the owner has invoices, none of this may exceed the dearest of them (carried to the length).
6. The missing name: its own line of the whole licence. There is no surcharge for being unlicensed.

Everything is whole cents, rounded half up line by line; the same facts and edition give the same cents.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from workflow.cases.pricing.facts import (
    CLASS_WORDS,
    EXCLUSIVITY_WORDS,
    GRADES,
    MEDIA_WORDS,
    PLACEMENT_WORDS,
    SOURCE_WORDS,
    SPECIAL_WORDS,
    USER_WORDS,
    Exchange,
    FeeFacts,
    Grade,
    OwnInvoice,
    Source,
)
from workflow.cases.pricing.known import facts_shown
from workflow.cases.pricing.rules import source_of
from workflow.cases.pricing.sheet import Basis, FactShown, FeeSheet, SheetLine
from workflow.cases.pricing.tariffs import Step, Tariff
from workflow.kernel.errors import Refused
from workflow.kernel.money import Money
from workflow.kernel.said import say, say_many

_PERCENT_BP = 100
_MILLION = 1_000_000
#: Invoices older than this before the use began say little about its price.
PRACTICE_YEARS = 5
DURATION = ("first_seen", "last_seen")


def price(facts: FeeFacts, tariff: Tariff) -> FeeSheet:
    """The sheet; :class:`Refused` when neither an invoice nor the edition prices the use."""
    step = tariff.step_of(facts.first_seen, facts.last_seen)
    comparable = _comparable(facts, tariff)
    if facts.source is not Source.RESERVED:
        basis, lines = Basis.FREE, _free(facts, tariff)
    elif comparable:
        basis, lines = Basis.PRACTICE, _by_practice(facts, tariff, step, comparable)
    else:
        basis, lines = Basis.TARIFF, _by_tariff(facts, tariff, step)
    if basis is not Basis.FREE:
        lines += _further_uses(facts, tariff, lines)
        lines += _cap(facts, tariff, step, lines)
    lines += _credit(facts, tariff, lines)
    shown = facts_shown(facts, {name for line in lines for name in line.facts})
    low, high = _spread(tariff, shown, _sum(lines))
    if facts.exchange is not None:
        lines = [_exchanged(line, facts.exchange) for line in lines]
        low, high = _in_currency(low, facts.exchange), _in_currency(high, facts.exchange)
    return FeeSheet(
        edition=tariff.edition, formula=2, example=tariff.example and basis is Basis.TARIFF, basis=basis,
        lines=tuple(lines), low=low, high=high, facts=tuple(shown),
    )  # fmt: skip


# --- the use itself -----------------------------------------------------------------------------------------


def _by_tariff(facts: FeeFacts, tariff: Tariff, step: Step) -> list[SheetLine]:
    base = tariff.base_of(facts.use_class, facts.medium)
    fee = base.share_bp(step.percent * _PERCENT_BP)
    why = say("{first_seen} to {last_seen}: {step}, {percent} % of the base {base}",
              first_seen=facts.first_seen, last_seen=facts.last_seen, step=step.words, percent=step.percent,
              base=base)  # fmt: skip
    source = tariff.source or tariff.edition
    lines = [SheetLine(_use(facts), why, fee, source, ("use_class", "medium", *DURATION))]
    for label, percent, named in _shares(facts, tariff):
        if percent:
            lines.append(_share(label, percent, fee, source, named))
    discount = tariff.user.get(facts.user, 0)
    if discount:
        so_far = _sum(lines)
        label = say("Used by {user}", user=USER_WORDS[facts.user])
        lines.append(_share(label, discount, so_far, source, ("user",)))
    return lines


def _shares(facts: FeeFacts, tariff: Tariff) -> list[tuple[str, int, tuple[str, ...]]]:
    """What, how many per cent of the fee for the use, which facts."""
    size = max((each for each in tariff.sizes if each.from_px <= facts.longest_side_px),
               key=lambda each: each.from_px, default=None)  # fmt: skip
    further = facts.languages - 1
    return [
        (say("Shown {placement}", placement=PLACEMENT_WORDS[facts.placement]),
         tariff.placement.get(facts.placement, 0), ("placement",)),
        (say("Shown at {longest_side_px} pixels", longest_side_px=facts.longest_side_px),
         size.percent if size else 0, ("longest_side_px",)),
        (say_many("In {count} further language", "In {count} further languages", further),
         tariff.further_language * further, ("languages",)),
        (say("The photograph was altered"), tariff.altered if facts.altered else 0, ("altered",)),
        (say("Taken {special}", special=SPECIAL_WORDS[facts.special]), tariff.special.get(facts.special, 0),
         ("special",)),
        (say("The use was {exclusivity}", exclusivity=EXCLUSIVITY_WORDS[facts.exclusivity]),
         tariff.exclusivity.get(facts.exclusivity, 0), ("exclusivity",)),
    ]  # fmt: skip


def _by_practice(
    facts: FeeFacts, tariff: Tariff, step: Step, comparable: Sequence[OwnInvoice]
) -> list[SheetLine]:
    ordered = sorted(comparable, key=lambda each: (_carried(each, tariff, step).minor, each.number))
    middle = ordered[(len(ordered) - 1) // 2]
    why = say_many(
        "{count} invoice of the rights-holder for such a use; {number} of {on}: {net} for {months}, "
        "carried to {step}",
        "{count} invoices of the rights-holder for such a use; the middle one, {number} of {on}: {net} for "
        "{months}, carried to {step}",
        len(ordered),
        number=middle.number, on=middle.on, net=middle.net, step=step.words,
        months=say_many("{count} month", "{count} months", middle.months),
    )  # fmt: skip
    named = ("practice", "use_class", "medium", *DURATION)
    return [SheetLine(_use(facts), why, _carried(middle, tariff, step), _practice_source(facts), named)]


def _free(facts: FeeFacts, tariff: Tariff) -> list[SheetLine]:
    why = say("It was {source}: a licence would have cost nothing.", source=SOURCE_WORDS[facts.source])
    nothing = Money.zero(tariff.currency)
    return [
        SheetLine(
            _use(facts), why, nothing, source_of("free", facts.last_seen), ("source", "use_class", "medium")
        )
    ]


def _use(facts: FeeFacts) -> str:
    kind, word = CLASS_WORDS[facts.use_class], MEDIA_WORDS[facts.medium]
    if facts.medium == "social_media":
        return say("{kind} use in social media", kind=kind)
    return say("{kind} use in the medium “{medium}”", kind=kind, medium=word)


# --- practice -----------------------------------------------------------------------------------------------


def _usable(facts: FeeFacts, tariff: Tariff) -> list[OwnInvoice]:
    """Invoices in the tariff's currency, not much older than the use and not made after it."""
    try:
        oldest = facts.first_seen.replace(year=facts.first_seen.year - PRACTICE_YEARS)
    except ValueError:  # the 29th of February
        oldest = facts.first_seen.replace(year=facts.first_seen.year - PRACTICE_YEARS, day=28)
    return [
        each for each in facts.practice
        if each.net.currency is tariff.currency and oldest <= each.on <= facts.last_seen
    ]  # fmt: skip


def _practice_source(facts: FeeFacts) -> str:
    return source_of("practice", facts.last_seen)


def _comparable(facts: FeeFacts, tariff: Tariff) -> list[OwnInvoice]:
    """For the same kind of use on the same medium."""
    return [
        each for each in _usable(facts, tariff)
        if each.use_class is facts.use_class and each.medium == facts.medium
    ]  # fmt: skip


def _carried(invoice: OwnInvoice, tariff: Tariff, step: Step) -> Money:
    """What was paid for so many months, carried to the length of this use by the steps of the tariff."""
    paid_for = next(
        (each for each in tariff.duration if (each.months is None and each.weeks is None)
         or (each.months is not None and invoice.months <= each.months)),
        tariff.duration[-1],
    )  # fmt: skip
    if paid_for.percent <= 0:
        return invoice.net
    return _rounded(Decimal(invoice.net.minor) * step.percent / paid_for.percent, invoice.net)


def _cap(facts: FeeFacts, tariff: Tariff, step: Step, lines: Sequence[SheetLine]) -> list[SheetLine]:
    """Never more than the owner was ever paid for a licence of this length, for as many uses."""
    usable = _usable(facts, tariff)
    if not usable:
        return []
    dearest = max(usable, key=lambda each: (_carried(each, tariff, step).minor, each.number))
    most = _carried(dearest, tariff, step) * facts.uses
    so_far = _sum(lines)
    if so_far <= most:
        return []
    why = say("The rights-holder was never paid more than {most} for such a use ({number} of {on}).",
              most=most, number=dearest.number, on=dearest.on)  # fmt: skip
    return [
        SheetLine(say("Capped by own practice"), why, most - so_far, _practice_source(facts), ("practice",))
    ]


# --- further lines ------------------------------------------------------------------------------------------


def _further_uses(facts: FeeFacts, tariff: Tariff, lines: Sequence[SheetLine]) -> list[SheetLine]:
    further = facts.uses - 1
    if not further or not tariff.further_use:
        return []
    one = _sum(lines)
    label = say_many("{count} further use of the same photograph",
                     "{count} further uses of the same photograph", further)  # fmt: skip
    why = say("{count} × {percent} % of {base}", count=further, percent=tariff.further_use, base=one)
    net = one.share_bp(tariff.further_use * _PERCENT_BP) * further
    return [SheetLine(label, why, net, source_of("further_use", facts.last_seen), ("uses",))]


def _credit(facts: FeeFacts, tariff: Tariff, lines: Sequence[SheetLine]) -> list[SheetLine]:
    if facts.credited or not tariff.missing_credit:
        return []
    label, so_far = say("The photographer was not named"), _sum(lines)
    if not facts.professional:
        why = say("The photographer does not live by photographs: no surcharge.")
        nothing = Money.zero(so_far.currency)
        return [
            SheetLine(
                label, why, nothing, source_of("amateur", facts.last_seen), ("credited", "professional")
            )
        ]
    return [_share(label, tariff.missing_credit, so_far, source_of("credit", facts.last_seen), ("credited",))]


def _share(label: str, percent: int, base: Money, source: str, named: tuple[str, ...]) -> SheetLine:
    why = say("{percent} % of {base}", percent=f"{percent:+d}".replace("-", "−"), base=base)
    return SheetLine(label, why, base.share_bp(percent * _PERCENT_BP), source, named)


def _sum(lines: Sequence[SheetLine]) -> Money:
    return sum((line.net for line in lines[1:]), lines[0].net)


# --- how far it may be off ----------------------------------------------------------------------------------


def _spread(tariff: Tariff, shown: Sequence[FactShown], middle: Money) -> tuple[Money, Money]:
    """How far the fee may be off, by the weakest fact that made a line."""
    weakest = min((each.grade for each in shown), key=GRADES.index, default=Grade.ASSUMED)
    low, high = tariff.spread.get(weakest, (100, 100))
    return middle.share_bp(low * _PERCENT_BP), middle.share_bp(high * _PERCENT_BP)


# --- another currency ---------------------------------------------------------------------------------------


def _exchanged(line: SheetLine, exchange: Exchange) -> SheetLine:
    why = say("{why} Rate {rate} of {on}, {source}.", why=line.why, on=exchange.on, source=exchange.source,
              rate=f"{Decimal(exchange.rate_millionths) / _MILLION:f}")  # fmt: skip
    return SheetLine(line.label, why, _in_currency(line.net, exchange), line.source, line.facts)


def _in_currency(amount: Money, exchange: Exchange) -> Money:
    if exchange.currency is amount.currency:
        raise Refused(
            say("The tariff is in {currency} already: no rate is needed.", currency=amount.currency)
        )
    exact = Decimal(amount.minor) * exchange.rate_millionths / _MILLION
    return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), exchange.currency)


def _rounded(exact: Decimal, like: Money) -> Money:
    return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), like.currency)
