"""A deployment whose stores are on object storage is restored there and backed up from there."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.commands import command, document
from tests.sandbox import Sandbox

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"{host}:{port}"
    moto.stop()


def test_stores_on_object_storage_are_restored_and_backed_up(
    server: str, kept_site: Sandbox, kept_backup: Path, tmp_path: Path
) -> None:
    client = boto3.client("s3", endpoint_url=f"http://{server}")
    client.create_bucket(Bucket="loans")
    roots = {
        f"LOANWATCH_{store.upper()}": f"s3://loans/{store}?scheme=http&endpoint_override={server}&region=us-east-1"
        for store in ("datamart", "models", "reports")
    }
    home, second = tmp_path / "home", tmp_path / "second"
    client.put_object(Bucket="loans", Key="datamart/theirs", Body=b"not ours")
    refused = command("restore", str(kept_backup), "--home", str(home), env=roots)
    assert (refused.returncode, "not empty" in refused.stderr, home.exists()) == (5, True, False)
    client.delete_object(Bucket="loans", Key="datamart/theirs")
    # What a restore that was killed has left: its mark, and a part of its files.
    part = next(kept_backup.rglob("part-*.parquet"))
    client.put_object(Bucket="loans", Key="datamart/.restoring", Body=b"")
    client.put_object(Bucket="loans", Key=str(part.relative_to(kept_backup)), Body=b"half")
    document("restore", str(kept_backup), "--home", str(home), env=roots)
    findings = document("doctor", "--home", str(home), env=roots)
    assert [each for each in findings if each["level"] == "problem"] == []
    keys = [each["Key"] for each in client.list_objects_v2(Bucket="loans")["Contents"]]
    assert [key for key in keys if key.endswith(".restoring")] == []
    document("backup", str(second), "--home", str(home), env=roots)
    document("restore", str(second), "--home", str(tmp_path / "back"))
    back = Sandbox.at(tmp_path / "back")
    assert {name: table.digest for name, table in back.versions().items()} == {
        name: table.digest for name, table in kept_site.versions().items()
    }
    assert back.table("gold.model_predictions").equals(kept_site.table("gold.model_predictions"))
    back.close()
    client.put_object(Bucket="loans", Key=str(part.relative_to(kept_backup)), Body=b"damaged")
    failed = command("backup", str(tmp_path / "third"), "--home", str(home), env=roots)
    assert (failed.returncode, part.name in failed.stderr, (tmp_path / "third").exists()) == (1, True, False)
