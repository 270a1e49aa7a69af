"""Rehearsed sudden death: real processes are killed at named places, started again, and what is there is
compared with what must be there. ``lichtbild soak kill`` runs it; nothing else uses this package.
"""
