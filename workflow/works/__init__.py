"""Photographs: what rights-holders upload and copies are looked for.

Hostile bytes become a verdict with its remedy (``intake``), an accepted photograph becomes three
sealed documents, a fingerprint and a row. ``hits`` and ``cases`` build on these; the matcher reads
``queries.references``.
"""
