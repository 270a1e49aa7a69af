"""A local stand-in for Stripe Checkout: the same protocol, no real money, no internet.

It speaks the documented HTTP interface as far as our adapter uses it, shows a card page, signs
webhooks and repeats them until they are taken. The demo and the tests run it; a real instance never
does. It shares no code with the adapter and does not import the Stripe library, which can thus
judge both.
"""

from workflow.money.stripe_standin.server import (
    RunningStandin,
    create_standin,
    serve_standin,
    start_standin,
)

__all__ = ["RunningStandin", "create_standin", "serve_standin", "start_standin"]
