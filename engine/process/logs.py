"""The log of a long-lived process on standard error: lines of text, or JSON objects when LOANWATCH_LOG_FORMAT is json.

A JSON line has `time` (RFC 3339, UTC), `level`, `logger`, `message`, `process` (worker, scheduler, console, run or up)
and `pid`; where they are known also `run_id`, and `exception` with the traceback. The logs of tasks are in the ledger.
"""

import json
import logging
import os
import sys
import threading
from types import TracebackType
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from engine.process.log_form import JSON_LINES
from storage.settings import Settings

TEXT = "%(asctime)s %(levelname)-7s %(message)s"
NAMES = {"levelname": "level", "name": "logger", "exc_info": "exception", "stack_info": "stack"}
log = logging.getLogger("loanwatch.engine")


def log_to_stderr(settings: Settings, process: str, text: str = TEXT) -> None:
    """Sends the log of this process to standard error: all of Loanwatch's messages, and the libraries' warnings.

    `process` is its kind, `text` the form of a line unless JSON is asked for.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(text))
    if settings.log_format == "json":
        handler.setFormatter(json_formatter(process))
        handler.set_name(JSON_LINES)
        logging.captureWarnings(capture=True)
        sys.excepthook, threading.excepthook = _log_exception, _log_exception_of_thread
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("loanwatch").setLevel(logging.INFO)


def json_formatter(process: str) -> logging.Formatter:
    """Formats a record as one line of JSON."""
    always = {"process": process, "pid": os.getpid()}
    return JsonFormatter(["levelname", "name", "message"], rename_fields=NAMES, static_fields=always, timestamp="time")


def add_to_every_line(**fields: str) -> None:
    """Adds fields, such as the run of this process, to each further JSON line."""
    for handler in logging.root.handlers:
        if isinstance(handler.formatter, JsonFormatter):
            handler.formatter.static_fields.update(fields)


def pass_on(process: str, line: str) -> None:
    """Logs a line that a child process wrote: its JSON as it is, anything else as the message of a warning."""
    if is_record(line):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    elif line.strip():
        logging.getLogger("loanwatch.output").warning({"message": line, "process": process})


def is_record(line: str) -> bool:
    """Whether a line is a JSON object as `json_formatter` makes them."""
    try:
        record: Any = json.loads(line)
    except ValueError:
        return False
    return isinstance(record, dict) and {"time", "message"} <= record.keys()


def _log_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("The process ended because of an error.", exc_info=(kind, error, trace))


def _log_exception_of_thread(caught: threading.ExceptHookArgs) -> None:
    if caught.exc_value is not None:
        name = caught.thread.name if caught.thread else "unknown"
        exception = (caught.exc_type, caught.exc_value, caught.exc_traceback)
        log.error("Thread %s ended because of an error.", name, exc_info=exception)
