import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import linear_world
import optax
import pytest

from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig
from koopcli.errors import ModelError
from koopcli.model import checkpoint
from koopcli.model.checkpoint import SavedModel
from koopcli.model.koopman import KoopmanModel
from koopcli.train import training_state
from koopcli.train.step import initial_state
from koopcli.train.training_state import Bookkeeping

CONFIG = ModelConfig(latent_dim=2, encoder_width=3, decoder_width=3, action_width=3)
NOTES = Bookkeeping(
    seconds=1.5,
    best_value=0.1 + 0.2,
    best_step=3,
    waited=1,
    metrics={"metrics.csv": 10},
    skipped=(1, 2),
)
ADAM = optax.adam(1e-3)


def saved(step):
    meta = linear_world.model_meta(linear_world.world(), model_config=CONFIG, step=step)
    return SavedModel(
        KoopmanModel(CONFIG, meta.dimensions, key=jax.random.key(1)), meta
    )


def state(model, optimizer=ADAM):
    parameters = eqx.filter(model, eqx.is_inexact_array)
    return initial_state(parameters, RunConfig(), lambda _: optimizer)


def store(run, *steps, keep=0):
    for step in steps:
        now = saved(step)
        fresh = state(now.model)
        here = eqx.tree_at(lambda s: s.step, fresh, jnp.int32(step))
        training_state.save(run, here, now, NOTES, keep)


def file(run, step):
    return run / "checkpoints" / f"step_{step:08d}.eqx"


def names(run):
    return sorted(path.name for path in (run / "checkpoints").iterdir())


def test_state_and_bookkeeping_come_back(tmp_path):
    store(tmp_path, 4)
    found = training_state.newest(tmp_path)
    assert found.path == file(tmp_path, 4) and found.remarks == ()
    restored, notes = training_state.unpack(found, state(found.saved.model))
    assert notes == NOTES and int(restored.step) == 4
    expected = eqx.tree_at(lambda s: s.step, state(saved(4).model), jnp.int32(4))
    assert eqx.tree_equal(restored, expected)


def test_the_newest_is_that_of_the_most_steps_whatever_its_name_and_time(tmp_path):
    store(tmp_path, 9, 4)
    file(tmp_path, 9).rename(tmp_path / "checkpoints" / "a_copy.eqx")
    assert training_state.newest(tmp_path).saved.meta.step == 9


def damages():
    yield "cut", lambda content: content[:-5], "damaged: holds"
    yield "last bit", lambda c: c[:-1] + bytes([c[-1] ^ 1]), "fails its checksum"
    yield "foreign", lambda content: b"\x89PNG\r\n", "not a koopcli model file"
    yield "step", lambda c: c.replace(b'"step": 9', b'"step": 8'), "fails its checksum"
    yield "empty", lambda content: b"", "not a koopcli model file"


@pytest.mark.parametrize(
    ("change", "reason"),
    [each[1:] for each in damages()],
    ids=[d[0] for d in damages()],
)
def test_a_damaged_one_is_passed_over_with_a_remark(tmp_path, change, reason):
    store(tmp_path, 4, 9)
    newest = file(tmp_path, 9)
    newest.write_bytes(change(newest.read_bytes()))
    found = training_state.newest(tmp_path)
    assert found.saved.meta.step == 4
    [remark] = found.remarks
    assert str(newest) in remark and reason in remark


def test_what_a_killed_process_was_writing_is_no_checkpoint(tmp_path):
    store(tmp_path, 4)
    (tmp_path / "checkpoints" / ".step_00000009.tmp.eqx").write_bytes(b"{")
    assert training_state.newest(tmp_path).remarks == ()


def test_without_any_the_run_begins_again_unless_it_once_had_one(tmp_path):
    assert training_state.newest(tmp_path) is None
    store(tmp_path, 4)
    file(tmp_path, 4).write_bytes(b"?")
    with pytest.raises(
        ModelError, match=r"no checkpoint to resume from .*not a koopcli"
    ):
        training_state.newest(tmp_path)
    file(tmp_path, 4).unlink()
    checkpoint.save(tmp_path / "last.eqx", saved(4).model, saved(4).meta)
    with pytest.raises(ModelError, match="not trained in steps, or by an old koopcli"):
        training_state.newest(tmp_path)


def test_a_model_alone_is_passed_over(tmp_path):
    store(tmp_path, 4)
    now = saved(9)
    checkpoint.save(file(tmp_path, 9), now.model, now.meta)
    [remark] = training_state.newest(tmp_path).remarks
    assert "nothing to resume from" in remark


def test_one_of_other_settings_does_not_fit(tmp_path):
    store(tmp_path, 4)
    found = training_state.newest(tmp_path)
    other = state(found.saved.model, optax.sgd(1e-3, momentum=0.9))
    with pytest.raises(
        ModelError, match=r"does not fit the settings of its run \(an ar"
    ):
        training_state.unpack(found, other)
    unreadable = dataclasses.replace(found, training=b"{}\n")
    with pytest.raises(ModelError, match="does not fit"):
        training_state.unpack(unreadable, state(found.saved.model))


def test_the_newest_are_kept_and_later_ones_do_not_count(tmp_path):
    store(tmp_path, 2, 4, 9, keep=0)
    store(tmp_path, 5, keep=2)
    assert names(tmp_path) == [f"step_{step:08d}.eqx" for step in (4, 5, 9)]
    store(tmp_path, 6, keep=1)
    assert names(tmp_path) == [f"step_{step:08d}.eqx" for step in (6, 9)]
