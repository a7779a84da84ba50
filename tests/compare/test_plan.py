import json
from pathlib import Path

import pytest

from koopcli.compare import plan
from koopcli.config.choices import ModelKind
from koopcli.config.comparison import Budget, CompareConfig
from koopcli.errors import ConfigError

DATA = Path("d.h5")


def wanted(digest="abc", **changes):
    return plan.request(DATA, digest, CompareConfig(**changes))


def test_every_kind_starts_from_its_own_defaults_and_the_request_wins():
    assert plan.base_config(ModelKind.MLP, CompareConfig()).train.horizon == 20
    assert plan.base_config(ModelKind.GRU, CompareConfig()).train.horizon == 100
    config = CompareConfig(params=5000, settings={"train.horizon": 7})
    base = plan.base_config(ModelKind.MLP, config)
    assert (base.train.horizon, base.model.params) == (7, 5000)
    run = plan.planned(base, 3, 40)
    assert (run.name, run.config.train.seed, run.config.train.steps) == (
        "mlp-seed3", 3, 40,
    )  # fmt: skip


def test_a_closed_form_has_no_steps_of_its_own():
    base = plan.base_config(ModelKind.KOOPMAN, CompareConfig())
    assert plan.planned(base, 0, None).config.train.steps == base.train.steps


@pytest.mark.parametrize("name", plan.OWN)
def test_what_the_comparison_decides_cannot_be_set(name):
    with pytest.raises(ConfigError, match=f"sets {name} itself; use --"):
        plan.base_config(ModelKind.KOOPMAN, CompareConfig(settings={name: 1}))


def test_a_folder_remembers_measured_steps_and_takes_more_models(tmp_path):
    time = {"budget": Budget(seconds=60), "models": (ModelKind.KOOPMAN,)}
    folder = tmp_path / "new" / "cmp"
    assert plan.open_folder(folder, wanted(**time), overwrite=False) == {}
    plan.write(folder, wanted(**time), {"koopman": 12})
    more = wanted(**(time | {"models": tuple(ModelKind), "seeds": (0, 1)}))
    assert plan.open_folder(folder, more, overwrite=False) == {"koopman": 12}
    assert json.loads((folder / plan.PLAN).read_text())["request"] == more


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"digest": "other"}, "dataset with hash abc, now asked for other"),
        ({"budget": Budget(steps=9)}, "--budget steps=5000, now asked for steps=9"),
        ({"params": 10}, "--params none, now asked for 10"),
        ({"settings": {"train.horizon": 3}}, "settings none, now .* train.horizon=3"),
    ],
)
def test_another_request_is_refused_or_starts_anew(tmp_path, changes, words):
    plan.write(tmp_path, wanted(), {"koopman": 12})
    with pytest.raises(ConfigError, match=words):
        plan.open_folder(tmp_path, wanted(**changes), overwrite=False)
    assert plan.open_folder(tmp_path, wanted(**changes), overwrite=True) == {}


def test_a_foreign_folder_and_a_damaged_plan_are_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    for overwrite in (False, True):
        with pytest.raises(ConfigError, match="neither empty nor the folder of a comp"):
            plan.open_folder(tmp_path, wanted(), overwrite=overwrite)
    with pytest.raises(ConfigError, match="neither empty"):
        plan.open_folder(tmp_path / "thesis.tex", wanted(), overwrite=False)
    for text in ("{", "[]", '{"schema": "x"}', '{"schema": "koopcli.compare-plan/1"}'):
        (tmp_path / plan.PLAN).write_text(text)
        with pytest.raises(ConfigError, match="cannot be read"):
            plan.open_folder(tmp_path, wanted(), overwrite=False)
