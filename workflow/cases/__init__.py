"""cases/: the spine. A hit that was judged unlicensed becomes a case; here is its whole life as one table.

The rights-holder submits, the operator checks, prices and sends, the infringer answers through ``portal``,
money arrives through ``money``, silence leads to ``legal``; each moves the case through
``services.move``, the one writer of its state, and what it tells the others leaves as an event.
"""
