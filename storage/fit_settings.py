"""The settings of how models are fitted; `storage/settings.py` has the others."""

from pydantic import Field

from storage.operation_settings import OperationSettings


class FitSettings(OperationSettings):
    """How the candidates of a training are fitted."""

    exact_fit_rows: int = Field(
        200_000,
        ge=100,
        description="train rows up to which candidates are fitted as the book declares them; with more, histogram "
        "boosting stands in for exact boosting, and each tree of a forest draws so many",
    )
