"""The Data page: tables, row accounting, quarantine and masked previews."""
