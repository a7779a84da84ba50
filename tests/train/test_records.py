import linear_world
import optax
import pytest

from koopcli import distributed
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.train.records import Records
from koopcli.train.report import StepReport
from koopcli.train.step import initial_state
from koopcli.train.training_state import Bookkeeping

META = linear_world.model_meta(linear_world.world())
REPORT = StepReport(
    step=2,
    steps=4,
    seconds=1.0,
    steps_per_second=2.0,
    eta_seconds=1.0,
    losses={"loss": 0.5},
)


def opened(run, **train):
    records = Records(run, META, None)
    records.open(linear_world.world(), TrainConfig(**train), 0, Bookkeeping())
    return records


@pytest.mark.parametrize("validated", [True, False])
def test_the_columns_of_a_validation_to_come_are_there_from_the_start(
    tmp_path, validated
):
    opened(tmp_path).write(REPORT, validated=validated)
    header = (tmp_path / "metrics.csv").read_text().splitlines()[0].split(",")
    assert ("val_nmse" in header) == ("val_reward_nmse" in header) == validated


def test_the_first_process_writes_and_the_others_leave_nothing(tmp_path, monkeypatch):
    model = linear_world.untrained(META)
    records = opened(tmp_path)
    records.save("model.eqx", model, 2)
    assert (tmp_path / "model.eqx").is_file() and records.warnings == ()
    monkeypatch.setattr(distributed, "primary", lambda: False)
    other = tmp_path / "other"
    records = opened(other, data_map=True)
    records.write(REPORT, validated=True)
    records.validated(model, 2)
    records.save("model.eqx", model, 2)
    state = initial_state(model, RunConfig(), lambda _: optax.identity())
    records.checkpoint(state, model, 2, Bookkeeping(), 1)
    assert records.warnings == () and not other.exists()
