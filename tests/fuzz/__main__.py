"""`make fuzz`: many random books over two processes, the seeds of each share, and a table of what became of them."""

import logging
import os
import sys
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.books import Feature, Made, Verdict, made_books, smallest, verdict
from tests.fuzz.exporting import Export
from tests.fuzz.reading import ledger_in

SHARE = 250
Outcome = tuple[Made, Verdict]


def outcomes(number: int, count: int) -> list[Outcome]:
    """The outcomes of `count` books of one seed."""
    found: list[Outcome] = []
    with TemporaryDirectory() as folder, ledger_in(Path(folder)) as ledger:

        @seed(number)
        @settings(
            max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=HealthCheck
        )
        @given(made_books())
        def every(made: Made) -> None:
            found.append((made, verdict(ledger, made)))

        every()
        return [(smallest(ledger, made), one) if one.state == "fault" else (made, one) for made, one in found]


def main(books: int, first_seed: int) -> int:
    """The exit code: 0 without a fault."""
    logging.disable(logging.WARNING)
    shares = [(first_seed + place, min(SHARE, books - start)) for place, start in enumerate(range(0, books, SHARE))]
    _say("seeds: " + " ".join(f"{number} ({count})" for number, count in shares))
    found: list[Outcome] = []
    with ProcessPoolExecutor(2) as pool:
        for (number, _), outcome in zip(shares, pool.map(outcomes, *zip(*shares, strict=True)), strict=True):
            found += outcome
            states = Counter(one.state for _, one in outcome)
            _say(f"seed {number}: {dict(states)}")
    _say_table(found)
    faults = [(made, one) for made, one in found if one.state == "fault"]
    _say_faults(faults)
    states = Counter(one.state for _, one in found)
    _say(f"\n{len(found)} books: {dict(states)}, {len(faults)} faults")
    return 1 if faults else 0


def _say_faults(faults: list[Outcome]) -> None:
    """The smallest book of each fault."""
    for made, one in faults:
        _say(f"\nFAULT {one.sentence}\n  book {made.number}: {made.base}")
        for dataset, features in made.features.items():
            export = made.exports[dataset]
            plain = [place for place, style in enumerate(export.styles) if style != export.styles[0]]
            if export == Export():
                continue
            _say(f"  {dataset}: {features} {export.names} {len(export.styles)} parts, other style {plain}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say_table(found: list[Outcome]) -> None:
    """A line a feature: books that were read with it, books whose file with it was refused, a sentence."""
    read, refused = Counter[Feature](), Counter[Feature]()
    sentences: dict[Feature, Counter[str]] = defaultdict(Counter)
    for made, one in found:
        for dataset, features in made.features.items():
            for feature in features:
                if one.state == "read":
                    read[feature] += 1
                elif one.state == "refused" and dataset in one.sentence.partition(":")[0] + one.file:
                    refused[feature] += 1
                    sentences[feature][one.sentence] += 1 if len(features) == 1 else 0
    _say("\n| feature | read | refused | sentence |\n|---|---|---|---|")
    for feature in sorted({*read, *refused}):
        common = sentences[feature].most_common(1)
        _say(f"| {': '.join(feature)} | {read[feature]} | {refused[feature]} | {common[0][0] if common else ''} |")


if __name__ == "__main__":
    sys.exit(main(int(os.environ.get("BOOKS", "2000")), int(os.environ.get("SEED", "1"))))
