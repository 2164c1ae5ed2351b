"""The errors of `storage`, and the base class of every error that is shown to a user."""


class LoanwatchError(Exception):
    """An error whose text is one sentence: what is wrong, where, and what to do.

    `exit_code` is the exit code of a process that this error ends. `retryable` is whether a second try could succeed.
    """

    exit_code = 1
    retryable = False


class StorageError(LoanwatchError):
    """A table, model, file or ledger can't be used."""


class MissingBucket(StorageError):
    """Object storage has no bucket of the name in an address, so that every file of it would look missing."""


class UsageError(LoanwatchError):
    """A setting or an argument is invalid."""

    exit_code = 2


class DamagedFile(StorageError):
    """A stored file is missing, or its bytes changed after it was written."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} is damaged ({reason}); run the pipeline again to rebuild it.")
        self.path = path


class LeaseLost(StorageError):
    """A run was marked as crashed or claimed by another process, so it may not write any more."""

    exit_code = 5

    def __init__(self, run_id: str) -> None:
        super().__init__(f"Run {run_id} lost its lease, so it published nothing; resume it.")
        self.run_id = run_id
