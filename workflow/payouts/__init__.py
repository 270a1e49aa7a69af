"""payouts/: the rights-holder's share of what was paid, from its accrual to their account.

It listens to what a case tells: paid, taken back, closed. Amounts are never computed here; they are read
from the journal, where the payment was booked and divided. Rights-holders see held, available and paid.
"""
