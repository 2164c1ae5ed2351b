"""The errors of the engine room."""

from storage.errors import LoanwatchError


class EngineError(LoanwatchError):
    """A request or a declaration that the engine can't execute."""


class BadPipeline(EngineError):
    """A declaration that is refused before anything runs."""


class Refused(EngineError):
    """A request that is understood but not allowed now."""

    exit_code = 5


class UnusableRequest(EngineError):
    """A request that names something that does not exist."""

    exit_code = 2
