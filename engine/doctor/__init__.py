"""The checks of `doctor` (home, ledger, stores, processes, Ray, disk, clock) and its repairs. The checks only read."""
