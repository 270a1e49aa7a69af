"""kernel/: what any office needs and no word of ours but the roles.

Clock, ids, money, errors, calendar, VAT, secrets, database, life-cycle engine, audit chain, deadlines,
outbox and inbox, double-entry ledger, sealed documents, PDF, mail, uploads. No Flask, no photographs.
"""
