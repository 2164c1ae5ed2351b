"""The fixtures of all tests, from modules with one subject each."""

import os
import signal

from hypothesis import settings

# As in Ray's workers. Several processes with several threads each would wait for one another most of the time. The
# libraries read these when they are imported, which the modules below do.
os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

# Modules that others in the list import come first: pytest rewrites the assertions of what it imports itself.
pytest_plugins = [
    "tests.summary",
    "tests.real_extracts",
    "tests.order",
    "tests.postgres",
    "tests.databases",
    "tests.sandbox",
    "tests.job_factory",
    "tests.extracts",
    "tests.trained",
    "tests.books.homes",
    "tests.processes",
    "tests.heads",
    "tests.live",
    "tests.receivers",
    "tests.buckets",
]

# What a property test proves does not depend on how busy the machine is.
settings.register_profile("loanwatch", deadline=None)
settings.load_profile("loanwatch")

# A shell ignores Ctrl-C for what it runs in its background, and every process of the tests would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
