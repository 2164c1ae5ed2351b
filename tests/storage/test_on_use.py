"""A library that is imported when it is used first."""

import subprocess
import sys

from tests.paths import ROOT

PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from storage.on_use import on_use
fractions = on_use("fractions")
print("fractions" in sys.modules)
with ThreadPoolExecutor(8) as pool:
    halves = list(pool.map(lambda _: fractions.Fraction(1, 2), range(64)))
print(set(map(str, halves)), isinstance(halves[0], fractions.Fraction))
try:
    fractions.Nothing
except AttributeError as error:
    print(error)
"""


def test_a_module_is_imported_with_its_first_attribute() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.splitlines() == [
        "False",
        "{'1/2'} True",
        "module 'fractions' has no attribute 'Nothing'",
    ]
