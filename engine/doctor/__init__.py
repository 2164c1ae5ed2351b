"""The checks of `doctor` (home, ledger, stores, processes, Ray, disk, clock), which only read, and its fixes."""
