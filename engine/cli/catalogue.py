"""The commands by name: the module that declares each, and its line in the list of commands.

The list is shown without an import of the commands, because most of their imports are slow.
"""

from typing import NamedTuple


class Listed(NamedTuple):
    """A command in the list of commands: its module below `engine.cli.commands`, and the start of its help."""

    module: str
    help: str


COMMANDS = {
    "doctor": Listed(
        "operation.doctor",
        "Check home, ledger, processes, tables, models, disk, clock and Ray. Every problem is shown with its solution.",
    ),
    "run": Listed(
        "runs",
        "Run a pipeline and follow the run to its end. A worker executes it; without a worker, this process does.",
    ),
    "resume": Listed(
        "runs",
        "Resume a failed, cancelled or crashed run as a new run, with the same or changed parameters.",
    ),
    "cancel": Listed("runs", "Cancel a queued or running run. The published tables are not changed."),
    "runs": Listed("run_reports", "List the newest runs."),
    "show": Listed(
        "run_reports",
        "Show a run: its tasks, retries, accounts of records, rows, nulls, customers and loans, follow-up runs.",
    ),
    "logs": Listed(
        "run_reports",
        "Print the log of a run: its newest lines. It says how many older ones were left out, in JSON as `left_out`.",
    ),
    "replay": Listed(
        "backfill",
        "Replay past dates: inference and monitoring with the data known then, and the retrainings "
        "that the gate requests.",
    ),
    "models": Listed(
        "models",
        "List registered models with their candidates, and the history of champions; or show one version.",
    ),
    "promote": Listed(
        "models",
        "Make a registered version champion, after a check of its files; with require_approval, request the approval.",
    ),
    "rollback": Listed("models", "Make the previous champion champion again."),
    "approve": Listed("models", "Make a version champion whose approval another person or a run requested."),
    "reject": Listed("models", "End the request for the approval of a version, which stays registered."),
    "explain": Listed(
        "explain",
        "Explain a loan's prediction: the four features that raise its risk most against a typical good payer.",
    ),
    "lookup": Listed(
        "explain",
        "Look up a customer or a loan: score, reasons, features with their origin, payments, checks and past scores.",
    ),
    "sample": Listed(
        "data",
        "Write an invented sample dataset with the columns, formats and data errors of a real loan book.",
    ),
    "metrics": Listed("operation.results", "Show the monitoring history."),
    "tables": Listed("operation.results", "List the published tables."),
    "demo": Listed(
        "data",
        "Write sample data with drift, replay twelve months on it, then run worker, scheduler and "
        "console until Ctrl-C.",
    ),
    "drift": Listed(
        "drift",
        "Show whether the model ranks, whether the population moved, whether the levels are right, and what moved.",
    ),
    "validation": Listed(
        "validation",
        "Show how the champion's probabilities compare with the defaults: by cohort, by segment, and in money.",
    ),
    "notes": Listed(
        "operation.notes",
        "List notes on dates, runs and retraining decisions. The charts of the console draw them.",
    ),
    "report": Listed(
        "report",
        "Write all that is known of a model into one HTML page, to read without a network and to print.",
    ),
    "profile": Listed(
        "profile",
        "Show what each column of a dataset held in the newest delivery and what changed since the one before.",
    ),
    "book": Listed("book", "Check, draft and explain the declaration of a lender's data."),
    "worker": Listed(
        "processes",
        "Execute queued runs until Ctrl-C or SIGTERM, on a private Ray or on LOANWATCH_RAY_ADDRESS.",
    ),
    "scheduler": Listed(
        "processes",
        "Request each pipeline's runs when they are due, until Ctrl-C or SIGTERM. A worker executes them.",
    ),
    "up": Listed(
        "processes",
        "Run worker, scheduler and console together. A process that ends is restarted. Ctrl-C stops all of them.",
    ),
    "schedule": Listed(
        "operation.watching", "Show the next slot of each pipeline, paused schedules, and the recent slots."
    ),
    "pause": Listed(
        "operation.watching", "Pause a pipeline's schedule until a day, or until `resume PIPELINE` resumes it."
    ),
    "health": Listed(
        "operation.watching",
        "Show whether worker, scheduler and console are running. Exit code 1 means that one of this host is lost.",
    ),
    "status": Listed(
        "operation.status",
        "Show in one line whether a person is needed, then data, model, pipelines and processes, "
        "and the scores in use.",
    ),
    "alerts": Listed("operation.alerts", "List alerts: what is wrong, who was told, and what is silenced."),
    "migrate": Listed(
        "operation.migrate",
        "Make the ledger, or migrate that of an earlier release to the schema of this one.",
    ),
    "password": Listed(
        "access",
        "Add a console user, or change a user's role or password, which ends the user's sessions.",
    ),
    "audit": Listed(
        "operation.audit",
        "List who did what, when and why, and what changed: users, the retraining rule and the promotion test.",
    ),
    "prune": Listed("operation.stores", "Show what is no longer needed in the stores; delete it with --yes."),
    "adopt": Listed(
        "operation.stores",
        "Show whose the stores are; with --yes, state that all three belong to this ledger.",
    ),
    "units": Listed(
        "operation.units",
        "Print systemd units, or a compose.yaml, for worker, scheduler and console of this deployment.",
    ),
    "backup": Listed(
        "operation.backup",
        "Copy a deployment to a new folder while it works, also in the middle of a run.",
    ),
    "restore": Listed(
        "operation.backup",
        "Make a new deployment from a backup: the home of --home, and the stores and the ledger of the settings.",
    ),
}
