"""Which payment gateway an instance uses."""

from __future__ import annotations

from workflow.config import Config
from workflow.money.gateway import PaymentGateway


def gateway_for(config: Config) -> PaymentGateway | None:
    """Stripe, as configured; ``None`` without keys: then card payments wait and say so."""
    if not config.takes_cards:
        return None
    from workflow.money.stripe_gateway import StripeGateway  # 40 MB, only where it is used

    return StripeGateway(config.stripe_secret_key, config.stripe_webhook_secret, config.stripe_api_base)
