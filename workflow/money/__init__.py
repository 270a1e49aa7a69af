"""money/: payins, gateways, waterfall and webhooks: what comes in and how it is divided.

A case asks for a payment; the portal sends a person to the card page; what the payment service
then reports is fetched again and booked here. Payouts take over where the rights-holder's share is
due.
"""
