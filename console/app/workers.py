"""The messages of pages when the worker or the scheduler is not running."""

from console.components.elements import callout


def no_worker(tone: str, consequence: str) -> None:
    """Shows that no worker is running, the consequence, and the command that starts one."""
    callout(tone, "The worker is not running", f"{consequence} Start the worker with `python -m engine up`.")


def no_scheduler(consequence: str) -> None:
    """Shows that no scheduler is running, the consequence, and the command that starts one."""
    callout("warn", "The scheduler is not running", f"{consequence} Start it with `python -m engine scheduler`.")
