import dataclasses

import pytest

from koopcli.compare import plan
from koopcli.compare import record as records
from koopcli.compare.record import Record, Status
from koopcli.config.choices import ModelKind
from koopcli.config.comparison import CompareConfig
from koopcli.errors import ConfigError

BASE = plan.base_config(ModelKind.KOOPMAN, CompareConfig())
RUN = plan.planned(BASE, 0, 50)
RECORD = Record(
    model="koopman", seed=0, status=Status.FINISHED, parameters=9, steps=50,
    best_step=50, training_seconds=5.0, wall_seconds=6.0, batch_size=64, horizon=100,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    records.write(tmp_path, RECORD, RUN, "abc")
    (tmp_path / "model.eqx").write_bytes(b"")
    return tmp_path


def test_a_record_comes_back(folder):
    assert records.read(folder, RUN, "abc", renew=False) == RECORD


def test_without_record_or_model_a_run_is_half_made(folder):
    (folder / "model.eqx").unlink()
    assert records.read(folder, RUN, "abc", renew=False) is None
    failed = dataclasses.replace(RECORD, status=Status.DIVERGED)
    records.write(folder, failed, RUN, "abc")
    assert records.read(folder, RUN, "abc", renew=False) == failed
    for text in ("", "[]", '{"config": {}, "record": {}}'):
        (folder / records.RECORD).write_text(text)
        assert records.read(folder, RUN, "abc", renew=False) is None


def test_other_settings_and_other_data_are_refused_or_renewed(folder):
    other = plan.planned(BASE, 0, 60)
    with pytest.raises(ConfigError, match=r"train.steps = 50, now 60.*--overwrite"):
        records.read(folder, other, "abc", renew=False)
    with pytest.raises(ConfigError, match="another dataset file"):
        records.read(folder, RUN, "other", renew=False)
    assert records.read(folder, other, "abc", renew=True) is None
    assert records.read(folder, RUN, "other", renew=True) is None


def test_steps_per_second():
    assert RECORD.steps_per_second == 10
    assert RECORD.document()["steps_per_second"] == 10
    assert dataclasses.replace(RECORD, steps=0).steps_per_second is None
