"""The errors of `engine`."""

from storage.errors import LoanwatchError


class EngineError(LoanwatchError):
    """The engine can't execute a request or a declaration."""


class BadPipeline(EngineError):
    """The declaration of a pipeline is invalid. It is checked before a run starts."""

    exit_code = 3


class Refused(EngineError):
    """A valid request is not allowed now."""

    exit_code = 5


class UnusableRequest(EngineError):
    """A request has an argument that does not exist or is invalid."""

    exit_code = 2
