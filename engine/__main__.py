"""`python -m engine`.

Importing a command makes some hundred thousand objects, and none of them is garbage. The collector would look through
them again and again, for an eighth of the time of a short command, so it waits until the command is imported.
"""

import gc
from importlib import import_module


def main() -> None:
    """Runs the command line, imported without the collector."""
    gc.disable()
    import_module("engine.cli.app").main()


if __name__ == "__main__":
    main()
