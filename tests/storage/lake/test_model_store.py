"""Pickles are opened only when their bytes are those that were registered."""

import pickle
from pathlib import Path

import pytest

from storage.lake.model_store import ModelStore, UntrustedModel


class Payload:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.file,))


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(str(tmp_path / "models"))


def test_a_kept_pickle_is_loaded(store: ModelStore) -> None:
    assert store.load(store.keep_pickle({"a": 1})) == {"a": 1}


def test_equal_bytes_are_kept_once(store: ModelStore) -> None:
    assert store.keep(b"same") == store.keep(b"same")
    assert len(store.folder.names(".artifacts")) == 1


class Fitted:
    """As scikit-learn's estimators do, takes what it was pickled with as it comes."""

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)


def test_a_pickle_has_the_same_bytes_whatever_was_loaded_before(store: ModelStore) -> None:
    key = "categories"
    one, other = Fitted(), Fitted()
    one.__dict__.update({key: 1, "name": key})
    other.__dict__.update({"".join(["cat", "egories"]): 1, "name": key})
    assert pickle.dumps(one) != pickle.dumps(other)  # equal, but not the same objects within
    assert store.keep_pickle(one) == store.keep_pickle(other)
    assert store.load(store.keep_pickle(one)).__dict__ == {key: 1, "name": key}


def test_a_damaged_artifact_is_written_again(store: ModelStore) -> None:
    facts = store.keep(b"content")
    Path(store.folder.path(facts.name)).write_bytes(b"c0ntent")
    assert not store.intact(facts)
    assert store.read(store.keep(b"content")) == b"content"


def test_a_swapped_pickle_is_never_opened(store: ModelStore, tmp_path: Path) -> None:
    facts = store.place(store.keep_pickle("model"), "best_model_20240101_000000.pkl")
    Path(store.folder.path(facts.name)).write_bytes(pickle.dumps(Payload(tmp_path / "owned")))
    with pytest.raises(UntrustedModel, match=r"best_model_20240101_000000\.pkl was not opened"):
        store.load(facts)
    assert not (tmp_path / "owned").exists()
    # The payload itself does what it should, so that the test above means something.
    pickle.loads(pickle.dumps(Payload(tmp_path / "owned")))
    assert (tmp_path / "owned").exists()


def test_a_missing_model_is_named(store: ModelStore) -> None:
    facts = store.keep(b"x")
    store.folder.delete(facts.name)
    with pytest.raises(UntrustedModel, match="it is missing"):
        store.read(facts)


def test_the_refusal_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(UntrustedModel("a.pkl", "why")))
    assert (error.path, error.reason) == ("a.pkl", "why")
