"""Settings: from the environment, frozen, and refused with a sentence that names them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from storage.errors import UsageError
from storage.settings import is_remote, load_settings


def test_what_is_given_counts_more_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANWATCH_HOME", "from-environment")
    assert load_settings().home == Path("from-environment")
    assert load_settings(home=Path("given")).home == Path("given")
    assert load_settings(home=None).home == Path("from-environment")


def test_everything_lies_under_home_unless_told_otherwise(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    assert settings.datamart_root == str(tmp_path / "datamart")
    assert settings.models_root == str(tmp_path / "model_store")
    assert settings.reports_root == str(tmp_path / "reports")
    assert settings.ledger_url == f"sqlite:///{tmp_path / 'loanwatch.db'}"
    assert load_settings(datamart="s3://bucket/mart").datamart_root == "s3://bucket/mart"


@pytest.mark.parametrize(
    ("name", "value"),
    [("timezone", "Mars/Olympus"), ("psi_threshold", "low"), ("keep_versions", "0")],
)
def test_a_setting_that_can_not_be_right_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"LOANWATCH_{name.upper()}", value)
    with pytest.raises(UsageError, match=f"Setting {name} .LOANWATCH_{name.upper()}. can't be used") as refused:
        load_settings()
    assert "Value error" not in str(refused.value)


def test_settings_do_not_change() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.timezone = "Europe/Berlin"  # type: ignore[misc]
    assert settings.changed(timezone="Europe/Berlin").zone.key == "Europe/Berlin"
    with pytest.raises(UsageError, match="no setting 'colour'"):
        settings.changed(colour="red")


def test_a_setting_of_an_earlier_release_is_refused_with_the_one_that_replaces_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = "Setting auc_rows .LOANWATCH_AUC_ROWS., which counted loans.*set auc_least_defaults"
    with pytest.raises(UsageError, match=said):
        load_settings().changed(auc_rows=60)
    monkeypatch.setenv("LOANWATCH_AUC_ROWS", "60")
    with pytest.raises(UsageError, match=said):
        load_settings()


def test_the_window_of_the_auc_may_not_end_before_there_are_enough_defaults() -> None:
    with pytest.raises(
        UsageError, match="can't be used together: auc_least_defaults is 50.*set auc_defaults to at least as many"
    ):
        load_settings(auc_defaults=40)
    assert load_settings(auc_defaults=40, auc_least_defaults=40).auc_defaults == 40


@pytest.mark.parametrize("root", ["s3:/loans/x", "s3:loans/x", "s3:///x", "s3://", "gs://loans/x", "S3://loans/x"])
@pytest.mark.parametrize("name", ["data", "datamart", "models", "reports"])
def test_an_address_that_is_none_of_s3_is_refused(name: str, root: str) -> None:
    said = rf"Setting {name} \(LOANWATCH_{name.upper()}\) can't be used: .* an address begins with s3://BUCKET"
    with pytest.raises(UsageError, match=said):
        load_settings(**{name: root})


@pytest.mark.parametrize(
    "root", ["s3://loans/x?region=eu-central-1", "s3://key:secret@loans", "/data:/x", "C:/x", "a b"]
)
def test_an_address_of_s3_and_a_folder_are_taken(root: str) -> None:
    assert load_settings(datamart=root).datamart_root == root


@pytest.mark.parametrize(
    ("root", "remote"), [("s3://bucket/x", True), ("/home/x", False), ("x", False), ("C:/x", False)]
)
def test_object_storage_is_told_from_folders(root: str, remote: bool) -> None:
    assert is_remote(root) == remote
