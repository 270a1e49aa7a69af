"""What the Stripe library raises, told as refused, unknown, or nothing was done."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import stripe
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from workflow.kernel.said import say
from workflow.money.gateway import GatewayRefused, GatewayUnavailable, GatewayUnknown

#: Failures that happen before the first byte of a request is sent.
BEFORE_SENDING = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)


@contextmanager
def speaking(*, writes: bool) -> Iterator[None]:
    """Around calls of the library. ``writes``: the outcome matters when the answer is lost."""
    try:
        yield
    except stripe.APIConnectionError as broken:
        if writes and not _never_sent(broken):
            raise GatewayUnknown(say("The connection to Stripe broke; the outcome is not known.")) from broken
        raise GatewayUnavailable(say("Stripe cannot be reached.")) from broken
    except stripe.RateLimitError as busy:
        raise GatewayUnavailable(say("Stripe asks us to slow down.")) from busy
    except (stripe.AuthenticationError, stripe.PermissionError) as locked:
        raise GatewayRefused(say("Stripe does not accept our key for this.")) from locked
    except (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError) as wrong:
        raise GatewayRefused(say("Stripe refused: {what}", what=wrong.user_message or wrong)) from wrong
    except stripe.StripeError as failed:  # 409 (the same request is being worked on), 5xx, or no JSON
        if writes:
            raise GatewayUnknown(say("Stripe failed while working; the outcome is not known.")) from failed
        raise GatewayUnavailable(say("Stripe does not answer properly now.")) from failed


def _never_sent(broken: BaseException) -> bool:
    """Follow the causes down: was there a connection at all?"""
    cause: BaseException | None = broken
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, BEFORE_SENDING):
            return True
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return False
