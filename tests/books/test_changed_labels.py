"""A home whose book changes its label: nothing is compared or served by mistake, and every refusal says what to do."""

from pathlib import Path

import pytest

from engine.control.promotion import promote, rollback
from engine.errors import Refused
from tests.books.extension import copied, with_book, written
from tests.commands import command

OTHER_LABEL = "BOOK = replace(BOOK, bad_loan=replace(BOOK.bad_loan, above=100))\n"


@pytest.mark.thorough
def test_another_label_needs_a_person_to_change_the_champion(trained_home: Path, tmp_path: Path) -> None:
    home = copied(trained_home, tmp_path / "home")
    file = written(tmp_path / "label.py", OTHER_LABEL)
    made = with_book(home, file)
    (old,) = made.champions()
    told = (
        f"Model {old.version} was trained with another label definition than book retail has. The labels are defined "
        "differently: the limit of a bad loan is 0 in the model and 100 in the book. "
        "Run `python -m engine run training`, then promote the new version."
    )
    for pipeline in ("inference", "monitoring"):
        ended = made.run(pipeline)
        assert (ended.state, ended.error["exit_code"], ended.error["message"]) == ("failed", 1, told)
    run_id = made.succeed("training", data=made.data())
    values = made.values(run_id, "store_best_model")
    new, verdict = values["version"], values["promotion"]
    assert verdict["reason"].startswith(
        f"Not promoted: champion {old.version} was trained with another label definition, so the two can't be compared"
    )
    assert f"promote {new} yourself if it is to replace it" in verdict["reason"]
    assert [model.version for model in made.champions()] == [old.version]
    promote(made.deployment, new, "the new label")
    assert made.champions()[0].version == new
    made.succeed("inference")
    made.succeed("monitoring")
    for refuse in (lambda: promote(made.deployment, old.version, "back"), lambda: rollback(made.deployment, "back")):
        with pytest.raises(Refused, match=f"Model {old.version} can't become champion of book retail.*train again"):
            refuse()
    assert made.champions()[0].version == new
    made.close()
    env = {"LOANWATCH_BOOK": str(file)}
    for words in (("promote", old.version), ("rollback",)):
        done = command(*words, "--reason", "back", "--home", str(home), env=env)
        assert done.returncode == 5
        assert "another label definition" in " ".join(done.stderr.split())
    # The default book has the old champion's label: there it is welcome, and the new one is not.
    back = with_book(home, None)
    assert back.run("inference").error["message"].startswith(f"Model {new} was trained with another label definition")
    rollback(back.deployment, "the old book again")
    back.succeed("inference")
