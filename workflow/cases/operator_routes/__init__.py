"""The operator's desk: ``reading`` shows, ``deciding`` changes; letters, post, arrivals and tariffs."""

from workflow.cases.operator_routes import (
    arrivals,
    bargaining,
    deciding,
    letters,
    passport,
    post,
    reading,
    tariffs,
)
from workflow.cases.operator_routes.blueprints import (
    arrivals_operator,
    cases_operator,
    letters_operator,
    passport_operator,
    post_operator,
    tariffs_operator,
)

__all__ = [
    "BLUEPRINTS",
    "arrivals",
    "bargaining",
    "deciding",
    "letters",
    "passport",
    "post",
    "reading",
    "tariffs",
]

BLUEPRINTS = (
    cases_operator, letters_operator, post_operator, arrivals_operator, tariffs_operator, passport_operator,
)  # fmt: skip
