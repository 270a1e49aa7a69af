"""What spans the stations on the desk: search, first steps, the round of notices and the weekly digest.

Used by ``app`` (pages) and ``wiring`` (the round the ticker asks for).
"""
