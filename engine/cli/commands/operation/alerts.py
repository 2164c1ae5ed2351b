"""Commands about alerts: `alerts`, and `alerts show`, `ack`, `silence`, `unsilence`, `retry`, `test`."""

from contextlib import nullcontext
from typing import Annotated

import typer
from rich.text import Text

from engine.alerts import actions
from engine.alerts.documents import alert_document, alerts_document
from engine.alerts.rules import RULES
from engine.cli.output import print_json
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, deployment_at, print_outcome
from engine.documents.values import Document
from engine.errors import UnusableRequest

HELP = f"""List alerts: what is wrong, who was told, and what is silenced.

The worker and the scheduler look every few seconds and tell people by the channels that are set:
LOANWATCH_ALERT_COMMAND (reads JSON), LOANWATCH_ALERT_WEBHOOK (gets JSON, as Slack reads it), LOANWATCH_ALERT_SMTP
(HOST:PORT) with LOANWATCH_ALERT_SMTP_FROM and _TO. New alerts go into one message; an open one is told again after
LOANWATCH_ALERT_REPEAT_HOURS. A message is sent once; one that may have been sent before says so and has the same key.

A pipeline is late when no run of it has succeeded LOANWATCH_ALERT_LATE_MINUTES after its scheduled time.

Rules: {", ".join(f"{rule.name} ({rule.words})" for rule in RULES.values())}.
"""
ALERTS = ("id", "state", "rule", "subject", "count", "first_seen", "summary")
MESSAGES = ("id", "channel", "state", "attempts", "created_at", "error")
SILENCES = ("rule", "subject", "until", "who", "reason")

app = typer.Typer()
alerts = typer.Typer(help=HELP, invoke_without_command=True)
app.add_typer(alerts, name="alerts")

AlertId = Annotated[int, typer.Argument(metavar="ID", help="The id of an alert, from the list of `alerts`.")]
RuleName = Annotated[str, typer.Argument(metavar="RULE", help="A rule, such as run-failed.")]
Subject = Annotated[
    str | None, typer.Option("--subject", help="A pipeline, dataset, process or disk; by default every subject.")
]


@alerts.callback()
def listed(context: typer.Context, home: Home = None, as_json: Json = False) -> None:
    """List the alerts, those that have not ended first."""
    if context.invoked_subcommand is not None:
        if home is not None or as_json:
            command = context.invoked_subcommand
            raise UnusableRequest(f"--home and --json stand behind the command, as in `alerts {command} --home DIR`.")
        return
    document = alerts_document(deployment_at(home))
    if as_json:
        print_json(document)
        return
    console = console_for()
    if not document["channels"]:
        console.print(actions.NO_CHANNEL, highlight=False, soft_wrap=True)
    console.print(listing(document["alerts"], ALERTS) if document["alerts"] else "No alerts.")
    for words, rows, columns in (
        ("Messages that failed; `alerts retry` sends them again", document["failed"], MESSAGES),
        ("Silences", document["silences"], SILENCES),
    ):
        if rows:
            console.print(Text(f"\n{words}", style="bold"))
            console.print(listing(rows, columns))


@alerts.command()
def show(alert_id: AlertId, home: Home = None, as_json: Json = False) -> None:
    """Show an alert, what to do, and the messages about it."""
    document = alert_document(deployment_at(home), alert_id)
    if as_json:
        print_json(document)
        return
    console = console_for()
    for line in _lines(document):
        console.print(line, highlight=False, soft_wrap=True)
    if document["messages"]:
        console.print(listing(document["messages"], ("reason", *MESSAGES)))


@alerts.command()
def ack(
    named: Annotated[str, typer.Argument(metavar="ID", help="The id of an alert, or RULE/SUBJECT as `status` has it.")],
    note: Annotated[str, typer.Option("--note", help="What is done about it, for the audit log.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Acknowledge an open alert: somebody takes care of it, so it is not told again."""
    row = actions.acknowledge_named(deployment_at(home), named, note)
    message = f"Alert {row.alert_id} ({row.rule}, {row.subject}) is acknowledged by {row.acknowledged_by}."
    print_outcome(message, {"id": row.alert_id, "state": row.state, "by": row.acknowledged_by}, as_json=as_json)


@alerts.command()
def silence(
    rule: RuleName,
    until: Annotated[str, typer.Option("--until", metavar="YYYY-MM-DD", help="The day on which it is told again.")],
    reason: Annotated[str, typer.Option("--reason", help="The reason, which is recorded in the audit log.")],
    subject: Subject = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Keep a rule from being told until a day; its alerts are still listed. `YYYY-MM-DD HH:MM` is a time of a day."""
    deployment = deployment_at(home)
    end = actions.until_of(until, deployment)
    actions.silence(deployment, rule, subject, end, reason)
    message = f"Rule {rule} is silent for {subject or 'every subject'} until {end:%Y-%m-%d %H:%M %Z}."
    print_outcome(message, {"rule": rule, "subject": subject, "until": end.isoformat()}, as_json=as_json)


@alerts.command()
def unsilence(rule: RuleName, subject: Subject = None, home: Home = None, as_json: Json = False) -> None:
    """End a silence. What is still open and was not told is told then."""
    actions.unsilence(deployment_at(home), rule, subject)
    message = f"Rule {rule} is told again for {subject or 'every subject'}."
    print_outcome(message, {"rule": rule, "subject": subject, "silenced": False}, as_json=as_json)


@alerts.command()
def retry(home: Home = None, as_json: Json = False) -> None:
    """Have the worker or the scheduler send every failed message again."""
    count = actions.retry(deployment_at(home))
    print_outcome(f"{count} failed messages are sent again.", {"messages": count}, as_json=as_json)


@alerts.command("test")
def send_test(home: Home = None, as_json: Json = False) -> None:
    """Send a test through every channel now, from this process. Exit code 1 means that one failed."""
    deployment = deployment_at(home)
    console = console_for(as_json=as_json)
    with console.status("Sending a test") if console.is_terminal else nullcontext():
        results = actions.send_test(deployment)
    if as_json:
        print_json([each.as_json() for each in results])
    else:
        for each in results:
            told = "delivered" if each.error is None else f"not delivered: {each.error}"
            console.print(f"{each.channel}: {told}", highlight=False, soft_wrap=True)
    if any(each.error for each in results):
        raise typer.Exit(1)


def _lines(alert: Document) -> list[str]:
    lines = [
        f"Alert {alert['id']}: {alert['rule']} of {alert['subject']}, {alert['state']}, {alert['count']} times.",
        f"First seen {alert['first_seen']}, last {alert['last_seen']}.",
        alert["summary"],
        alert["advice"],
    ]
    if alert["acknowledged_by"]:
        lines.append(
            f"Acknowledged by {alert['acknowledged_by']} at {alert['acknowledged_at']}. {alert['note']}".rstrip()
        )
    if alert["silenced_until"]:
        lines.append(f"Silenced until {alert['silenced_until']}.")
    return lines
