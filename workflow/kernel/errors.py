"""What can go wrong, in words a person can be told. HTTP codes for these live in ``web/errors.py`` only."""

from workflow.kernel.said import say


class DomainError(Exception):
    """Something a person must be told about; never a bug (a bug is an assert)."""


class Refused(DomainError):
    """The wish was understood and cannot be granted; ``reasons`` holds every reason as a sentence."""

    def __init__(self, *reasons: str) -> None:
        assert reasons, "a refusal says why"
        self.reasons: tuple[str, ...] = reasons
        super().__init__(" ".join(reasons))


class NotAllowed(Refused):
    """The person may not do this at all, whatever the state of things; somebody else in the office may."""


class ProofNeeded(DomainError):
    """Nothing was done: first the person must prove again who it is (password, and code if there is one)."""

    def __init__(self) -> None:
        super().__init__(say("Please give your password again; this step is an important one."))


class Stale(DomainError):
    """The page was older than the record: somebody else moved it meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            say("This changed while you were looking at it. Please look again and repeat your step.")
        )


class NotFound(DomainError):
    """It does not exist, or it is not yours: the same answer for both."""

    def __init__(self, what: str = say("This page")) -> None:
        super().__init__(say("{what} does not exist.", what=what))


class Conflict(DomainError):
    """Two wishes exclude each other; the sentence says which."""


class Unavailable(DomainError):
    """A part that is needed does not answer now; trying again later is right."""
