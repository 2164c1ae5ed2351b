"""The command `status`: the state of a deployment in one line, and what is wrong."""

from collections.abc import Sequence

import typer
from rich.text import Text

from engine.cli.output import print_json
from engine.cli.terminal import Home, Json, console_for, deployment_at
from engine.documents.values import Document
from engine.status.status import status_document

app = typer.Typer()

SIGNS = {"good": ("✓", "green"), "quiet": ("○", "dim"), "warn": ("!", "yellow"), "bad": ("✗", "bold red")}


@app.command()
def status(home: Home = None, as_json: Json = False) -> None:
    """Show in one line whether a person is needed, then data, model, pipelines and processes, and the scores in use.

    `alerts ack RULE/SUBJECT` takes care of what is wrong.
    """
    document = status_document(deployment_at(home))
    if as_json:
        print_json(document)
        return
    console = console_for()
    console.print(_signed(document["level"], document["headline"]), highlight=False, soft_wrap=True)
    for part in document["parts"]:
        console.print(_signed(part["level"], f"{part['part']}: {part['words']}"), highlight=False, soft_wrap=True)
    for sentence in refused_in_words(document["extracts"]):
        console.print(_signed("bad", sentence), highlight=False, soft_wrap=True)
    console.print(scores_in_words(document["scores"]), highlight=False, soft_wrap=True)
    for concern in document["concerns"]:
        console.print()
        console.print(_signed(concern["level"], _title(concern)), highlight=False, soft_wrap=True)
        console.print(concern["reason"], highlight=False, soft_wrap=True)


def scores_in_words(scores: Document | None) -> str:
    """The scores in use in a sentence."""
    if scores is None:
        return "Scores in use: none yet. Run `python -m engine run inference`."
    newest = f", newest loan of {scores['newest_loan']}" if scores["newest_loan"] else ""
    return (
        f"Scores in use: {scores['loans']:,} of model {scores['model']} as of {scores['as_of']}, "
        f"scored at {scores['scored_at']}{newest}."
    )


def refused_in_words(extracts: Sequence[Document]) -> list[str]:
    """A sentence for each dataset of which the newest delivery is not in use, with the run that read it."""
    words = {"refused": "was refused", "unused": "was read and not used"}
    return [
        f"{each['dataset']}: the newest delivery {words[refused['state']]} at {refused['at']} in {refused['run_id']}."
        for each in extracts
        if (refused := each["refused"])
    ]


def _signed(level: str, words: str) -> Text:
    sign, style = SIGNS[level]
    return Text(f"{sign} {words}", style)


def _title(concern: Document) -> str:
    named = f" ({concern['rule']}/{concern['subject']})" if concern["rule"] else ""
    alert = concern["alert"]
    by = f", acknowledged by {alert['acknowledged_by']}" if alert and alert["acknowledged_by"] else ""
    return f"{concern['title']}{named}{by}"
