import json

import linear_world
import pytest

from koopcli.compare import compare as module
from koopcli.compare.compare import compare
from koopcli.config.choices import ModelKind
from koopcli.config.comparison import Budget, CompareConfig
from koopcli.errors import ConfigError, DivergedError

SMALL = {
    "model.latent_dim": 4,
    "model.encoder_width": 8,
    "model.decoder_width": 8,
    "model.action_width": 4,
    "model.width": 8,
    "train.horizon": 5,
}


def request(**changes):
    values = {
        "models": (ModelKind.KOOPMAN, ModelKind.MLP),
        "seeds": (0, 1),
        "budget": Budget(steps=5),
        "horizons": (1, 5),
        "settings": SMALL,
    }
    return CompareConfig(**(values | changes))


@pytest.fixture
def data(tmp_path):
    return linear_world.write_world(tmp_path / "data.h5")


def times(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*-seed*/*")}


def test_all_are_trained_once_and_evaluated_from_the_same_starts(
    tmp_path, data, trained
):
    folder = tmp_path / "cmp"
    first = compare(data, folder, request())
    before = times(folder)
    again = compare(data, folder, request())
    assert len(trained) == 4 and times(folder) == before
    assert [group.model for group in first.groups] == [
        "koopman", "mlp", "persistence", "linear",
    ]  # fmt: skip
    assert first.protocol["horizons"] == [1, 5]
    assert again.measures == first.measures
    assert first.request["budget"] == {"steps": 5, "seconds": None}


def test_a_killed_comparison_goes_on_where_it_stopped(tmp_path, data, trained):
    trained.killed = ("koopman-seed1",)
    with pytest.raises(KeyboardInterrupt):
        compare(data, tmp_path / "cmp", request())
    before = times(tmp_path / "cmp")
    trained.killed = ()
    trained.clear()
    compare(data, tmp_path / "cmp", request())
    assert trained == ["koopman-seed1", "mlp-seed1"]
    after = times(tmp_path / "cmp")
    assert all(
        after[path] == time for path, time in before.items() if "seed0" in str(path)
    )


def test_seeds_and_models_can_be_added_but_not_another_budget(tmp_path, data, trained):
    folder = tmp_path / "cmp"
    compare(data, folder, request(seeds=(0,), models=(ModelKind.KOOPMAN,)))
    compare(data, folder, request())
    assert trained == ["koopman-seed0", "mlp-seed0", "koopman-seed1", "mlp-seed1"]
    with pytest.raises(ConfigError, match="--budget"):
        compare(data, folder, request(budget=Budget(steps=6)))
    compare(data, folder, request(budget=Budget(steps=6)), overwrite=True)
    assert len(trained) == 8


def test_time_is_turned_into_steps_once(tmp_path, data, trained, monkeypatch):
    measured = []
    monkeypatch.setattr(
        module.calibrate, "steps_for", lambda seconds, *_: measured.append(seconds) or 9
    )
    folder = tmp_path / "cmp"
    for _ in range(2):
        compare(data, folder, request(budget=Budget(seconds=2.5), seeds=(0,)))
    assert measured == [2.5, 2.5]
    stored = json.loads((folder / "compare.json").read_text())
    assert stored["steps"] == {"koopman": 9, "mlp": 9}
    assert "steps = 9" in (folder / "mlp-seed0" / "config.toml").read_text()


def test_one_run_may_diverge_but_not_all(tmp_path, data, trained):
    trained.bad = ("mlp-seed0",)
    result = compare(data, tmp_path / "cmp", request(seeds=(0,)))
    assert any("mlp-seed0: diverged" in warning for warning in result.warnings)
    trained.bad = ("mlp-seed0", "koopman-seed0")
    with pytest.raises(DivergedError, match="every run diverged"):
        compare(data, tmp_path / "other", request(seeds=(0,)))


def test_a_model_that_cannot_be_is_an_error_before_any_training(
    tmp_path, data, trained
):
    with pytest.raises(ConfigError):
        compare(data, tmp_path / "cmp", request(settings={"model.heads": 0}))
    assert trained == []
