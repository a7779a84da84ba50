import json
from types import SimpleNamespace

import optuna
import pytest
from optuna.trial import TrialState
from sweep_parts import request

from koopcli.errors import ConfigError
from koopcli.sweep import ledger, studies

IDENTITY = {
    "dataset_sha256": "12",
    "space": ["train.steps=1,2"],
    "seeds": [0],
    "settings": {"model.width": 16, "train.horizon": 5},
}


def make():
    return optuna.samplers.RandomSampler(0), optuna.pruners.NopPruner()


def opened(folder, identity=IDENTITY, **changes):
    found = studies.opened(request(**changes), folder, identity, make)
    found.close()
    return found


def test_a_study_is_kept_in_its_folder_and_found_again(tmp_path):
    folder = tmp_path / "a b#c"
    first = opened(folder)
    first.study.optimize(lambda trial: 1.0, n_trials=1)
    assert opened(folder).study.best_value == 1.0
    first.close()
    mark = json.loads((folder / studies.MARK).read_text())
    assert mark["schema"] == "koopcli.sweep-study/1" and mark["study"] == "sweep"
    assert sorted(path.name for path in folder.iterdir()) == ["study.db", "study.json"]


def test_signs_of_life_are_kept_where_the_database_can(tmp_path):
    found = opened(tmp_path / "x")
    assert found.storage.get_heartbeat_interval() == studies.HEARTBEAT
    callback = found.storage.get_heartbeat_stale_trial_callback()
    found.study.add_trial(optuna.create_trial(state=TrialState.RUNNING))
    ledger.fail(found.study, found.storage, 0)
    callback(found.study, found.study.get_trials()[0])
    assert [ledger.status(each) for each in found.study.get_trials()] == [
        "failed", "waiting",
    ]  # fmt: skip
    found.close()


def test_a_journal_is_shared_by_several_folders(tmp_path):
    storage = f"journal:{tmp_path / 'shared' / 'log'}"
    one = opened(tmp_path / "one", storage=storage)
    two = opened(tmp_path / "two", storage=storage)
    one.study.tell(one.study.ask(), 2.0)
    assert two.study.best_value == 2.0
    assert (
        one.study.user_attrs["koopcli"]["id"] == two.study.user_attrs["koopcli"]["id"]
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"dataset_sha256": "34"},
            "made with the dataset with hash 12, now asked for 34",
        ),
        ({"space": ["x=1,2"]}, r"made with --param train\.steps=1,2, now .* x=1,2"),
        ({"seeds": [0, 1]}, "made with --seeds 0, now asked for 0, 1; choose another"),
        (
            {"settings": {"model.width": 17, "train.horizon": 5}},
            r"the settings model\.width=16, now asked for model\.width=17; choose",
        ),
        ({"settings": {"train.horizon": 5}}, r"model\.width=16, now asked for none"),
    ],
)
def test_another_request_on_the_same_study_is_refused_by_name(tmp_path, changes, words):
    opened(tmp_path / "x")
    with pytest.raises(ConfigError, match=words):
        opened(tmp_path / "x", IDENTITY | changes)


def test_a_folder_belongs_to_one_study(tmp_path):
    opened(tmp_path / "x")
    with pytest.raises(ConfigError, match="holds trials of study 'sweep' in sqlite"):
        opened(tmp_path / "x", study="another")


def test_a_study_of_somebody_else_is_left_alone(tmp_path):
    storage = f"journal:{tmp_path / 'log'}"
    theirs = optuna.create_study(
        study_name="sweep",
        storage=studies._storage(storage),
    )
    theirs.tell(theirs.ask(), 1.0)
    with pytest.raises(ConfigError, match="trials that are not of koopcli sweep"):
        opened(tmp_path / "x", storage=storage)


def test_folders_of_something_else_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="is a file"):
        opened(tmp_path / "file")
    with pytest.raises(ConfigError, match="neither empty nor the folder of a sweep"):
        opened(tmp_path)
    with pytest.raises(ConfigError, match="% or braces has no place"):
        opened(tmp_path / "what?")


def test_a_damaged_mark_is_said(tmp_path):
    opened(tmp_path / "x")
    (tmp_path / "x" / studies.MARK).write_text("{")
    with pytest.raises(ConfigError, match="cannot be read"):
        opened(tmp_path / "x")


@pytest.mark.parametrize(
    ("storage", "words"),
    [
        ("nonsense", "cannot be used"),
        ("unknown://u:secret@host/x", r"--storage unknown://u:\*\*\*@host/x: cannot"),
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        ("journal:", "cannot be used .no file"),
    ],
)
def test_a_storage_that_does_not_work_is_said(tmp_path, monkeypatch, storage, words):
    monkeypatch.setattr(studies, "time", SimpleNamespace(sleep=lambda seconds: None))
    with pytest.raises(ConfigError, match=words):
        opened(tmp_path / "x", storage=storage)


def test_a_file_that_is_no_database_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "time", SimpleNamespace(sleep=lambda seconds: None))
    (tmp_path / "study.db").write_text(
        "no database, but long enough to be looked at" * 9
    )
    with pytest.raises(ConfigError, match="not a database"):
        opened(tmp_path)


def test_passwords_are_not_shown():
    text = "koopcli sweep --storage 'postgresql+pg8000://me:p4%23ss@host:5432/db' -o x"
    assert "p4" not in studies.shown(text)
    assert studies.shown(text).endswith("://me:***@host:5432/db' -o x")
    assert studies.shown("sqlite:///x.db") == "sqlite:///x.db"
