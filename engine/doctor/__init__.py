"""The checks of `doctor`: home, ledger, stores, processes, Ray, disk and clock."""
