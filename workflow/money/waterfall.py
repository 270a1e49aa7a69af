"""How a payment is divided: VAT, costs, operator, rights-holder. Pure arithmetic, every line explained."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.kernel.errors import Refused
from workflow.kernel.money import WHOLE_BP, Money
from workflow.kernel.said import say


@dataclass(frozen=True, slots=True)
class Line:
    """One step down: deductions are negative, what is left is positive."""

    label: str
    amount: Money
    because: str = ""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """``gross = vat + costs + operator + owner``, to the cent."""

    gross: Money
    vat_rate_bp: int
    vat: Money
    costs: Money
    owner_share_bp: int
    operator: Money
    owner: Money

    @property
    def net(self) -> Money:
        """The licence fee without VAT."""
        return self.gross - self.vat

    def lines(self) -> tuple[Line, ...]:
        """The way from what was paid to what the rights-holder gets; their sum is that part."""
        operator_bp = WHOLE_BP - self.owner_share_bp
        costs = (
            Line(
                say("Costs advanced"), -self.costs, say("Charged by others for this case; taken back first.")
            ),
        )
        return (
            Line(say("Paid"), self.gross, say("What the user of the photograph paid.")),
            Line(
                say("VAT"),
                -self.vat,
                say("{percent} on the licence fee, for the tax office.", percent=percent(self.vat_rate_bp)),
            ),
            *(() if self.costs.is_zero else costs),
            Line(
                say("Share of the service"),
                -self.operator,
                say(
                    "{percent} of the licence fee, as agreed when the case was submitted. It "
                    "includes the card fee.",
                    percent=percent(operator_bp),
                ),
            ),
        )


def split(gross: Money, vat_rate_bp: int, owner_share_bp: int, costs: Money | None = None) -> Waterfall:
    """Divide ``gross``. VAT comes out exactly as it was offered; a half cent goes to the rights-holder.

    For an offer of ``net`` with VAT ``net.share_bp(rate)``, rounding the way back gives ``net`` again: the
    error of the first rounding shrinks below half a cent. Costs above the fee are :class:`Refused`.
    """
    assert gross.minor > 0 and vat_rate_bp >= 0 and 0 <= owner_share_bp <= WHOLE_BP
    costs = Money.zero(gross.currency) if costs is None else costs
    assert costs.minor >= 0, "costs are given as what is taken back, not as a debt"
    net = Money(_divide(gross.minor * WHOLE_BP, WHOLE_BP + vat_rate_bp), gross.currency)
    if costs > net:
        raise Refused(say("The costs are higher than the fee; a person must decide what is shared."))
    owner, operator = (net - costs).split(owner_share_bp, WHOLE_BP - owner_share_bp)
    return Waterfall(gross, vat_rate_bp, gross - net, costs, owner_share_bp, operator, owner)


def percent(basis_points: int) -> str:
    """``55 %``, or ``55.5 %`` where it is not whole."""
    return f"{basis_points / 100:g} %"


def _divide(number: int, by: int) -> int:
    """Rounded half up, in whole numbers."""
    return (2 * number + by) // (2 * by)
