"""The errors of the storage room, and the base class of every error that a person may be shown."""


class LoanwatchError(Exception):
    """An error whose text is one sentence for people: what is wrong, where, and what to do.

    `exit_code` is the process's exit code when the error ends it; `retryable` says whether a second try could help.
    """

    exit_code = 1
    retryable = False


class StorageError(LoanwatchError):
    """A table, model, file or ledger that can't be used."""


class UsageError(LoanwatchError):
    """A setting or an argument that can't be right."""

    exit_code = 2


class DamagedFile(StorageError):
    """A stored file whose bytes are not those that were written."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} is damaged ({why}); run the pipeline again to make it anew.")
        self.path = path


class LeaseLost(StorageError):
    """A run that was declared dead, or taken over, and so may not publish."""

    exit_code = 5

    def __init__(self, run_id: str) -> None:
        super().__init__(f"Run {run_id} no longer holds its lease, so nothing of it was published; resume it.")
        self.run_id = run_id
