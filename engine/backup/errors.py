"""The errors of backups."""

from engine.errors import EngineError


class DamagedBackup(EngineError):
    """A folder is no complete backup, or a file of it is not the one that was backed up."""

    exit_code = 3

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{path} can't be restored ({reason}); use another backup.")


class Incomplete(EngineError):
    """A file that the ledger records is missing or damaged, so no backup was made."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"{path} can't be backed up ({reason}), so no backup was made; repair it (`doctor` says how), or leave "
            "such files out with --without-damaged."
        )
