"""The operator's desk: ``reading`` shows, ``deciding`` changes, ``letters`` lists what was sent."""

from workflow.cases.operator_routes import deciding, letters, reading
from workflow.cases.operator_routes.blueprints import cases_operator, letters_operator

__all__ = ["BLUEPRINTS", "deciding", "letters", "reading"]

BLUEPRINTS = (cases_operator, letters_operator)
