"""The verbs of a hit: each a sentence, each in the caller's transaction, none commits."""

from workflow.hits.services.judging import judge, judge_group, reopen
from workflow.hits.services.releasing import release_of_closed
from workflow.hits.services.ruling import add_rule, remove_rule
from workflow.hits.services.submitting import Attestation, gather, submit_hits

__all__ = [
    "Attestation",
    "add_rule",
    "gather",
    "judge",
    "judge_group",
    "release_of_closed",
    "remove_rule",
    "reopen",
    "submit_hits",
]
