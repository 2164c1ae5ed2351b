"""Rows 30, 31 and 33: pickles that nobody registered, names that lead elsewhere, personal data in a run that fails."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.control.promotion import promote
from engine.control.runs import cancel, resume
from engine.deployment import Deployment
from engine.documents.runs import run_document
from engine.errors import UnusableRequest
from jobs.errors import JobError
from jobs.modelling.inference import make_predictions, retrieve_best_model
from storage.db.schema import metadata
from storage.errors import DamagedFile, LoanwatchError, StorageError
from storage.lake.datamart import TableVersion
from storage.lake.model_store import UntrustedModel
from storage.ledger.leases import finish
from storage.ledger.models import AliasEvent, ModelVersion, champions, move_alias, register
from storage.ledger.runs import UnknownRun
from tests.extracts import Extracts
from tests.faults.counts import Count
from tests.job_factory import JobFactory
from tests.sandbox import ONE_CANDIDATE, Sandbox
from tests.storage.ledger.made import started

CANARY, NAME = "987-65-4320", "Canary Quillfeather"
NAMES = ("../../etc/passwd", "/etc/passwd", "%252e%252e%252fetc", "..\\..\\etc", "gold/../../x", "x\0y", "' OR 1=1 --")


class Trap:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.fixture
def champion(deployment: Deployment) -> ModelVersion:
    """A champion whose files are there as they were registered."""
    store, version = deployment.models, "20240503_120000"
    names = {"model": "best_model", "encoders": "label_encoders"}
    files = {role: store.place(store.keep_pickle(role), f"{name}_{version}.pkl") for role, name in names.items()}
    files["metadata"] = store.place(store.keep(b"{}"), f"model_metadata_{version}.json")
    lease, model = (
        started(deployment.ledger),
        ModelVersion(version, "LogisticRegression", files, {"candidates": {}}, {}),
    )
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        register(connection, lease, model, now)
        move_alias(connection, AliasEvent(version, "anna", "because", lease.run_id), now)
        finish(connection, lease, "succeeded", None, now)
    return model


def test_a_pickle_that_was_swapped_or_is_nobodys_is_never_opened(
    deployment: Deployment, champion: ModelVersion, job_factory: JobFactory, tmp_path: Path
) -> None:
    sprung = tmp_path / "sprung"
    models = Path(deployment.models.folder.root)
    (models / "best_model_99991231_235959.pkl").write_bytes(pickle.dumps(Trap(sprung)))
    with deployment.ledger.reading() as connection:
        known = tuple(champions(connection))
    assert [one.version for one in known] == [champion.version]
    assert deployment.models.load(known[0].files["model"]) == "model"
    (models / champion.files["model"].name).write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(UntrustedModel, match="was not opened"):
        deployment.models.load(known[0].files["model"])
    with pytest.raises(JobError, match=f"None of the champions {champion.version} has the files"):
        retrieve_best_model(job_factory.job(roots=deployment.roots, champions=known))
    for version in ("99991231_235959", "19990101_000000"):
        chosen = {"retrieve_best_model": {"version": version}}
        with pytest.raises(JobError, match="was never champion here"):
            make_predictions(job_factory.job(roots=deployment.roots, champions=known, values=chosen))
        with pytest.raises(UnusableRequest):
            promote(deployment, version, "because")
    assert not sprung.exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_elsewhere_is_refused(deployment: Deployment, name: str, counted: Count) -> None:
    acts: tuple[Callable[[], object], ...] = (
        lambda: promote(deployment, name, "because"),
        lambda: cancel(deployment, name),
        lambda: resume(deployment, name),
        lambda: shown(deployment, name),
        lambda: deployment.datamart.drop(name, "v1"),
        lambda: deployment.datamart.drop("gold.model_predictions", name),
        lambda: deployment.models.folder.read(name),
        lambda: deployment.reports.folder.delete(name),
    )
    for act in acts:
        with pytest.raises((LoanwatchError, UnknownRun)) as refusal:
            act()
        assert "\n" not in str(refusal.value)
    counted(f"row 31: {len(acts)} ways to give {len(NAMES)} names that lead elsewhere, each refused")


def shown(deployment: Deployment, name: str) -> object:
    with deployment.ledger.reading() as connection:
        return run_document(connection, name)


def test_links_in_a_datamart_lead_nowhere(deployment: Deployment, tmp_path: Path) -> None:
    mart, outside = deployment.datamart, tmp_path / "outside"
    outside.mkdir()
    (outside / "part-00000.parquet").write_bytes(b"somebody else's")
    place = Path(mart.folder.root) / ".versions" / "gold" / "model_predictions"
    place.mkdir(parents=True)
    (place / "v1").symlink_to(outside)
    stranger = TableVersion("gold.model_predictions", "v1", ())
    with pytest.raises((DamagedFile, StorageError, IndexError)):
        mart.read_part(stranger, 0)
    mart.drop("gold.model_predictions", "v1")
    assert (outside / "part-00000.parquet").read_bytes() == b"somebody else's"


def test_no_personal_data_of_a_run_that_fails_are_in_ledger_or_files(
    deployment: Deployment, extracts: Extracts, tmp_path: Path, caplog: pytest.LogCaptureFixture, counted: Count
) -> None:
    extracts.write("feature_clickstream", [{"Customer_ID": CANARY, "fe_1": CANARY, "snapshot_date": CANARY}])
    extracts.write("features_financials", [{"Customer_ID": "c", "Annual_Income": NAME, "snapshot_date": CANARY}])
    extracts.write("lms_loan_daily", [{"loan_id": "l", "Customer_ID": "c", "due_amt": CANARY}])
    path = extracts.write("features_attributes", [{"Customer_ID": "c", "Name": NAME, "SSN": CANARY}])
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f'bad{number},"{NAME},40,{CANARY},Lawyer\n' for number in range(20))
    sandbox = Sandbox(tmp_path / "home", deployment)
    ended = sandbox.run("training", data=str(extracts.folder), candidates=ONE_CANDIDATE)
    assert ended.state == "failed"
    with deployment.ledger.reading() as connection:
        rows = [str(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    versions = {sandbox.home / "datamart" / ".versions" / layer for layer in ("bronze", "staged")}
    files = [one for one in sandbox.home.rglob("*") if one.is_file() and not versions & set(one.parents)]
    texts = [caplog.text, *rows, *(one.read_bytes().decode(errors="replace") for one in files)]
    assert len(rows) > 20
    for word in (CANARY, NAME, "Quillfeather"):
        assert not [text for text in texts if word in text]
    counted(f"row 33: 0 hits of 3 canaries in {len(rows)} rows of the ledger, {len(files)} files and the log")
