"""Fixtures of payouts."""

from tests.money.fixtures import till  # noqa: F401 - pytest finds it here
