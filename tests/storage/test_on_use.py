"""Libraries that are imported when they are used first."""

import subprocess
import sys

from tests.paths import ROOT

PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from storage.on_use import pa, pc
print({"numpy", "pyarrow"} & set(sys.modules))
with ThreadPoolExecutor(8) as pool:
    sums = list(pool.map(lambda number: pc.sum(pa.array([number, 1])).as_py(), range(64)))
print(sums == [number + 1 for number in range(64)], isinstance(pa.array([1]), pa.Array))
try:
    pa.nothing
except AttributeError as error:
    print(error)
"""


def test_a_library_is_imported_with_the_first_attribute_once_for_all_threads() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.splitlines() == ["set()", "True True", "module 'pyarrow' has no attribute 'nothing'"]
