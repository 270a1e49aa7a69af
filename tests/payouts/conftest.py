"""Fixtures of payouts."""

from tests.money.fixtures import closed, closed_till, till  # noqa: F401 - pytest finds them here
