"""The verbs of a case: each a sentence, each in the caller's transaction, none commits.

Every change of state goes through :func:`move`.
"""

from workflow.cases.services.answers import ProofFile, receive_answer, write_back
from workflow.cases.services.moving import move
from workflow.cases.services.offering import note_recipient, set_price
from workflow.cases.services.submitting import EvidenceFile, NewCase, Recipient, UseFacts, submit_case

__all__ = [
    "EvidenceFile",
    "NewCase",
    "ProofFile",
    "Recipient",
    "UseFacts",
    "move",
    "note_recipient",
    "receive_answer",
    "set_price",
    "submit_case",
    "write_back",
]
