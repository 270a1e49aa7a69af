"""Bank transfers, written down from the statement: kept on account until the claim is complete.

A transfer that names no case waits for one. Parts lie on the account of the case; when they reach what is
owed, one payment is made of them and divided like any other. What is too much stays until it is given back.
"""
