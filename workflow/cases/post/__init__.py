"""Letters on their way: by mail, on paper, or both; batches for the printer, postings, returns.

A letter is decided once (``cases.lettering``). Each way it takes, and each try, is a *delivery*: a row that
waits, leaves, arrives or comes back.
"""
