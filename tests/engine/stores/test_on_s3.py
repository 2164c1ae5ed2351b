"""Stores on object storage: where their tables are read, and a bucket that does not exist, which is told as that."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from engine.deployment import Deployment
from engine.doctor.checks import findings
from engine.documents.tables import tables_document
from engine.errors import Refused
from engine.execution.executors import LocalExecutor
from engine.stores.ownership import adopt_roots
from storage.lake.datamart import Datamart, TableVersion
from storage.lake.extracts import ExtractMissing, source_files
from storage.lake.names import PREDICTIONS
from storage.settings import load_settings
from tests.commands import command, document
from tests.engine.runner import PipelineRunner, task
from tests.sandbox import Sandbox

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
STORES = ("datamart", "models", "reports")


def endpoint_of(bucket: str) -> str:
    return parse_qs(urlsplit(bucket).query)["endpoint_override"][0]


def sentence(setting: str, bucket: str) -> str:
    return f"The bucket nobucket of {setting} does not exist at {endpoint_of(bucket)}; correct the address."


@pytest.fixture
def missing(bucket: str) -> str:
    """The address of a folder of a bucket that does not exist, with {} for the folder's name."""
    return bucket.replace("s3://loanwatch/", "s3://nobucket/")


@pytest.fixture
def trained(sandbox: Sandbox) -> Path:
    """The home of a trained deployment, whose ledger knows files of every store."""
    sandbox.close()
    return sandbox.home


@pytest.mark.parametrize("parts", [1, 2])
def test_a_table_is_read_at_the_address_of_its_files(bucket: str, parts: int) -> None:
    with_key = bucket.format("read").replace("s3://", "s3://test:test@")
    mart, rows = Datamart(with_key), pa.table({"number": [1, 2]})
    written = [mart.write("bronze.loans", "run-1", number, [rows]) for number in range(parts)]
    made = TableVersion("bronze.loans", "run-1", tuple(written))
    folder = "s3://loanwatch/read/.versions/bronze/loans/run-1/"
    assert mart.address(made) == (f"{folder}part-00000.parquet" if parts == 1 else folder)
    options = bucket.partition("?")[2]
    assert parquet.read_table(f"{mart.address(made)}?{options}").num_rows == 2 * parts
    assert len(pd.read_parquet(f"{mart.address(made)}?{options}")) == 2 * parts


def test_the_document_of_a_table_on_object_storage_has_its_address(bucket: str, tmp_path: Path) -> None:
    roots = {store: bucket.format(f"shown/{store}") for store in STORES}
    deployment, executor = Deployment.open(load_settings(home=tmp_path / "home", **roots)), LocalExecutor()
    book = PipelineRunner(deployment, executor, (task("one", "writes_undeclared", writes=(PREDICTIONS,)),))
    run_id, state = book.run()
    with deployment.ledger.reading() as connection:
        (table,) = tables_document(connection, deployment)
    address = f"s3://loanwatch/shown/datamart/.versions/gold/model_predictions/{run_id}/part-00000.parquet"
    assert (state, table["path"]) == ("succeeded", address)
    assert [each for each in findings(deployment) if each.check in ("links", "reports")] == []
    executor.close()
    deployment.ledger.close()


@pytest.mark.parametrize("words", [("doctor",), ("doctor", "--fix")])
def test_a_bucket_that_does_not_exist_is_told_once_for_each_setting(
    trained: Path, bucket: str, missing: str, words: tuple[str, ...]
) -> None:
    env = {f"LOANWATCH_{store.upper()}": missing.format(store) for store in STORES}
    told = document(*words, "--home", str(trained), code=1, env=env)
    problems = [(each["check"], each["message"]) for each in told if each["level"] == "problem"]
    assert problems == [("stores", sentence(name, bucket)) for name in env]
    assert "stores" not in {each["check"] for each in told if each["level"] == "ok"}
    assert {each["check"] for each in told} & {"tables", "links", "reports", "models"} == set()
    name = "LOANWATCH_DATAMART"
    found = document(*words, "--home", str(trained), code=1, env={name: env[name]})
    assert [each["message"] for each in found if each["level"] == "problem"] == [sentence(name, bucket)]
    assert {each["check"] for each in found} & {"tables", "models"} == {"models"}


def test_who_reads_or_writes_in_a_bucket_that_does_not_exist_is_told_that(
    trained: Path, bucket: str, missing: str
) -> None:
    run = "run", "inference"
    for store, words in (("DATAMART", ("lookup", "nobody")), *((store.upper(), run) for store in STORES)):
        name = f"LOANWATCH_{store}"
        done = command(*words, "--home", str(trained), env={name: missing.format("x")})
        assert done.returncode != 0
        assert sentence(name, bucket) in done.stdout + done.stderr
    settings = load_settings(home=trained, datamart=missing.format("x"))
    deployment = Deployment.existing(settings)
    with pytest.raises(Refused, match="The bucket nobucket of LOANWATCH_DATAMART does not exist"):
        adopt_roots(deployment)
    deployment.ledger.close()


def test_extracts_in_a_bucket_that_does_not_exist_are_told_as_that(trained: Path, bucket: str, missing: str) -> None:
    deployment = Deployment.existing(load_settings(home=trained, data=missing.format("data")))
    (finding,) = [each for each in findings(deployment) if each.check == "extracts"]
    assert (finding.level, finding.message) == ("problem", sentence("LOANWATCH_DATA", bucket))
    with pytest.raises(ExtractMissing, match="The bucket nobucket of s3://nobucket/data does not exist at"):
        source_files(deployment.ledger, missing.format("data"), "lms_loan_daily")
    deployment.ledger.close()
