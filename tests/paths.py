"""Where the project lies, and the real extracts beside it when they are there."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
LOANS = SHARED / "data" / "loans"
CASES = SHARED / "cases"  # inputs from public bug reports
REFERENCE = SHARED / "data" / "reference"  # what an independent implementation made of them
