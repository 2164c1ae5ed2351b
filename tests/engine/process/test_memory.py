"""Memory that a process freed is given back."""

import subprocess
import sys

SCRIPT = """
import numpy as np
from engine.process.memory import give_back, resident
kept, freed = [], []
for _ in range(200):  # each freed array lies below one that is kept
    freed.append(np.ones(1_000_000, np.uint8))
    kept.append(np.ones(1_000, np.uint8))
del freed
before = resident()
give_back(much=1 << 40)
few = resident()
give_back(much=0)
print(before, few, resident())
"""


def test_freed_memory_is_given_back_by_a_process_that_has_much() -> None:
    environment = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
    told = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    before, few, after = map(int, told.stdout.split())
    assert before - few < 1_000_000
    assert before - after > 150_000_000
