"""People: how they join, sign in and are known, the terms they agreed to, and who runs this place.

Everybody on the desk is an account; the infringer never has one. The contract terms are dated rows;
the operator's profile is the single row without which no letter leaves.
"""
