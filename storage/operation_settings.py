"""The settings of those who operate a deployment; `storage/settings.py` has the others."""

from typing import Literal

from pydantic import Field

from storage.alert_settings import AlertSettings


class OperationSettings(AlertSettings):
    """What is kept, promoted, watched and told. Durations are in seconds unless the name gives another unit."""

    log_format: Literal["text", "json"] = Field(
        "text", description="form of the log lines of processes: `text`, or `json` for one JSON object a line"
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="loopback port of a worker's metrics for Prometheus, such as 9464; 0 for none"
    )
    keep_versions: int = Field(5, ge=1, description="versions kept of each table, besides those used in training")
    verify: bool = Field(
        False, description="read every byte of extracts and stored files before a result is reused (`run --verify`)"
    )
    retention_days: float = Field(
        1.0, ge=0, description="days, by the ledger's clock, that old versions and unfinished files are kept at least"
    )
    artifact_days: float = Field(
        30.0, ge=0, description="days that a training's artifacts, of all its candidates, are kept after their last use"
    )
    promote: bool = Field(
        True,
        description="whether a model that passes its promotion test becomes champion, or waits for approval; otherwise "
        "it is only registered",
    )
    storage_retry: float = Field(
        60.0, ge=0, description="time for which a call to files or object storage is tried again while it is away"
    )
