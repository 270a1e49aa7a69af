"""What the rightful person sends to every POST route: the very form their page shows, filled in.

One line per route, in the order of pressing; a route without a line fails the contract. The same body is
sent by everybody else first, so that nothing but the missing right stands in their way.
"""

from __future__ import annotations

from tests.contracts.bodies import entering, office, own, paper, recipients
from tests.contracts.bodies.lines import Line, Stage

__all__ = ["DESK", "PORTAL", "Line", "Stage"]

DESK: dict[str, Line] = {
    **entering.LINES, **own.LINES, **paper.LINES, **office.LINES, **own.PERSON, **entering.LAST,
}  # fmt: skip
PORTAL: dict[str, Line] = {**recipients.LINES}
