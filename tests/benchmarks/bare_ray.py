"""A bare local Ray, started and shut down with the executor's settings; prints the seconds of both as JSON."""

import json
from pathlib import Path
from time import perf_counter

from engine.execution.ray_executor import RayExecutor
from storage.settings import load_settings


def main() -> None:
    executor = RayExecutor(load_settings(home=Path("unused")))
    begun = perf_counter()
    executor.open()
    started = perf_counter()
    executor.close()
    print(json.dumps({"start": started - begun, "shutdown": perf_counter() - started}))


if __name__ == "__main__":
    main()
