import pytest
from sweep_parts import request

from koopcli.config.choices import ModelKind, Sampler
from koopcli.errors import ConfigError
from koopcli.sweep import plan


def test_a_trial_is_the_fixed_settings_and_its_own():
    made = plan.make(request("model.latent_dim=8,16", settings={"train.steps": 7}))
    config = made.config({"model.latent_dim": 16}, 3)
    assert config.model.latent_dim == 16 and config.train.steps == 7
    assert config.train.seed == 3 and config.train.val_horizon is None
    assert made.horizon == config.train.horizon


def test_a_trial_leaves_a_checkpoint_with_every_validation():
    made = plan.make(request(settings={"train.eval_every": 30}))
    assert made.config({}, 0).train.checkpoint_every == 30
    made = plan.make(
        request(settings={"train.eval_every": 30, "train.checkpoint_every": 9})
    )
    assert made.config({}, 0).train.checkpoint_every == 9


def test_trials_of_several_horizons_are_measured_over_the_longest():
    made = plan.make(request("train.horizon=50..200:50"))
    assert made.horizon == 200
    for horizon in (50, 200):
        config = made.config({"train.horizon": horizon}, 0)
        assert config.train.horizon == horizon and config.train.val_horizon == 200


def test_so_are_kinds_of_model_with_horizons_of_their_own():
    made = plan.make(request("model.kind=koopman,mlp"))
    config = made.config({"model.kind": "mlp"}, 0)
    assert (config.train.horizon, config.train.val_horizon) == (20, 100)
    fixed = plan.make(request("model.kind=koopman,mlp", settings={"train.horizon": 30}))
    assert fixed.horizon == 30 and "train.val_horizon" not in fixed.fixed
    alike = plan.make(request("model.kind=koopman,gru"))
    assert "train.val_horizon" not in alike.fixed


def test_fixed_settings_are_named_and_typed_as_usual():
    made = plan.make(request(settings={"kind": "gru", "steps": 7}))
    assert made.fixed == {"model.kind": ModelKind.GRU, "train.steps": 7}
    with pytest.raises(
        ConfigError, match=r"sweep: train\.steps must be a whole number"
    ):
        plan.make(request(settings={"train.steps": "x"}))


def test_the_measure_can_be_chosen():
    made = plan.make(
        request("train.horizon=10,20", settings={"train.val_horizon": 300})
    )
    assert made.horizon == 300


@pytest.mark.parametrize(
    ("params", "settings", "words"),
    [
        ("train.seed=0,1", {}, "use --seeds"),
        ("train.steps=5,6", {"train.seed": 1}, "use --seeds"),
        ("train.val_windows=5,6", {}, r"--set train\.val_windows="),
        ("train.val_horizon=5,6", {}, "how the error of a trial is measured"),
        ("train.eval_every=5,6", {}, "cannot be tried"),
        ("train.steps=5,6", {"train.steps": 7}, "both tried .* and fixed"),
    ],
)
def test_what_a_sweep_cannot_try_is_refused(params, settings, words):
    with pytest.raises(ConfigError, match=words):
        plan.make(request(params, settings=settings))


def test_a_grid_is_no_longer_than_it_is():
    grid = {"sampler": Sampler.GRID}
    tried = ("model.latent_dim=8,16,32", "train.horizon=1..2")
    assert plan.make(request(*tried, trials=None, **grid)).total == 6
    assert plan.make(request(*tried, trials=9, **grid)).total == 6
    assert plan.make(request(*tried, trials=4, **grid)).total == 4
    assert plan.make(request(*tried, trials=None)).total == plan.TRIALS


def test_processes_agree_on_what_decides_about_errors():
    def identity(*params, **settings):
        return plan.make(request(*params, settings=settings)).identity("0")

    both = ("model.latent_dim=8,16", "train.steps=1,2")
    assert identity(*both) == identity(*reversed(both))
    assert identity(*both) == identity(*both, **{"train.num_devices": 2})
    assert identity(*both) != identity(*both, **{"train.batch_size": 2})
    kind = identity("train.steps=1,2", **{"model.kind": ModelKind.GRU})
    assert kind["settings"] == {"model.kind": "gru"}
