"""Versions of tables: bytes that are checked, parts, links, and what any reader of Parquet sees."""

from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from storage.errors import DamagedFile, StorageError
from storage.lake.datamart import Datamart, TableVersion
from storage.ledger.catalog import as_json, from_json

NAME = "gold.model_predictions"


@pytest.fixture
def mart(tmp_path: Path) -> Datamart:
    return Datamart(str(tmp_path / "datamart"))


def rows(*values: int) -> pa.Table:
    return pa.table({"id": [str(value) for value in values], "value": list(values)})


def version(mart: Datamart, name: str, *parts: pa.Table) -> TableVersion:
    return TableVersion(NAME, name, tuple(mart.write(NAME, name, n, [part]) for n, part in enumerate(parts)))


def test_what_is_written_is_read(mart: Datamart) -> None:
    made = version(mart, "v1", rows(1, 2), rows(3))
    assert made.rows == 3
    assert mart.read(made)["value"].to_pylist() == [1, 2, 3]
    assert mart.read(made, ["id"], categories=["id"])["id"].type == pa.dictionary(pa.int32(), pa.string())
    assert mart.read_part(made, 1)["value"].to_pylist() == [3]
    assert [group.num_rows for group in mart.groups(made)] == [2, 1]
    mart.verify(made)


def test_the_head_of_a_version_is_read_without_what_is_behind_it(mart: Datamart) -> None:
    made = version(mart, "v1", rows(0).slice(1), rows(1, 2), rows(*range(3, 9)), rows(9))
    Path(mart.folder.path(made.parts[3].name)).unlink()
    assert mart.head(made, 4)["value"].to_pylist() == [1, 2, 3, 4]
    assert mart.head(made, 2, ["value"]).to_pydict() == {"value": [1, 2]}
    assert mart.head(version(mart, "v2", rows(0).slice(1)), 5).schema == rows(0).schema
    with pytest.raises(StorageError, match="is missing"):
        mart.head(made, 50)


@pytest.mark.thorough
def test_the_head_of_a_large_part_leaves_its_other_pages_alone(mart: Datamart) -> None:
    made = version(mart, "v1", rows(*range(3_000_000)))
    file = Path(mart.folder.path(made.parts[0].name))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert mart.head(made, 3)["value"].to_pylist() == [0, 1, 2]
    with pytest.raises(DamagedFile):
        mart.read(made)


def test_equal_content_has_an_equal_digest_whatever_the_versions_name(mart: Datamart) -> None:
    assert version(mart, "v1", rows(1, 2)).digest == version(mart, "v2", rows(1, 2)).digest
    assert version(mart, "v3", rows(2, 1)).digest != version(mart, "v1", rows(1, 2)).digest


def test_many_small_tables_become_one_row_group(mart: Datamart) -> None:
    part = mart.write(NAME, "v1", 0, (rows(number) for number in range(50)))
    assert part.rows == 50
    assert [group.num_rows for group in mart.groups(TableVersion(NAME, "v1", (part,)))] == [50]


def test_a_table_without_rows_keeps_its_columns(mart: Datamart) -> None:
    made = version(mart, "v1", rows())
    assert mart.read(made).column_names == ["id", "value"]
    mart.link(made)
    assert pl.read_parquet(Path(mart.folder.root) / "gold" / "model_predictions.parquet").height == 0


@pytest.mark.parametrize("damage", ["byte", "cut", "gone"])
def test_damage_is_noticed_by_digest_and_named(mart: Datamart, damage: str) -> None:
    made = version(mart, "v1", rows(*range(1000)))
    file = Path(mart.folder.path(made.parts[0].name))
    content = bytearray(file.read_bytes())
    if damage == "byte":
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif damage == "cut":
        file.write_bytes(content[:-8])
    else:
        file.unlink()
    with pytest.raises(DamagedFile, match=str(file)):
        mart.verify(made)


def test_a_flipped_byte_in_a_page_is_noticed_by_who_reads_it(mart: Datamart) -> None:
    made = version(mart, "v1", rows(*range(1000)))
    file = Path(mart.folder.path(made.parts[0].name))
    content = bytearray(file.read_bytes())
    content[200] ^= 1
    file.write_bytes(content)
    with pytest.raises(DamagedFile, match=str(file)):
        mart.read(made)


def test_the_link_follows_the_version_for_every_reader(mart: Datamart) -> None:
    one, two = version(mart, "v1", rows(1)), version(mart, "v2", rows(1, 2), rows(3))
    path = Path(mart.folder.root) / "gold" / "model_predictions.parquet"
    mart.link(one)
    assert len(pd.read_parquet(path)) == pl.read_parquet(path).height == 1
    mart.link(two)
    assert len(pd.read_parquet(path)) == pl.read_parquet(path).height == 3
    assert mart.is_linked(two)
    assert not mart.is_linked(one)


def test_a_dropped_version_is_gone_and_others_stay(mart: Datamart) -> None:
    one, two = version(mart, "v1", rows(1)), version(mart, "v2", rows(2))
    mart.drop(NAME, "v1")
    assert mart.folder.names(".versions/gold/model_predictions/v1") == []
    mart.verify(two)
    with pytest.raises(DamagedFile):
        mart.verify(one)


@pytest.mark.parametrize("table", ["nothing", "gold.", "../gold", "gold/model_predictions"])
def test_an_unknown_table_is_refused(mart: Datamart, table: str) -> None:
    with pytest.raises(StorageError, match="no table"):
        mart.write(table, "v1", 0, [rows(1)])


def test_a_version_survives_json() -> None:
    made = TableVersion(NAME, "v1", (), ("2024-01-01",), {"a": "b"})
    assert from_json(as_json(made)) == made
