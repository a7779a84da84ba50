import os

import numpy as np
import pytest

from koopcli import demo
from koopcli.data import store
from koopcli.data.ingest import ingest
from koopcli.errors import ConfigError


def test_collected_episodes_are_pendulum_swings_with_time_limits(tmp_path):
    demo.collect(tmp_path / "minari", episodes=3, seed=0)
    with demo.minari_root(tmp_path / "minari"):
        report = ingest([demo.DATASET_ID], tmp_path / "p.h5", demo.ingest_config(0))
    assert (report.episodes, report.steps) == (3, 600)
    assert (report.terminations, report.truncations) == (0, 3)
    assert report.dt == 0.05 and "Pendulum-v1" in report.dt_source
    dataset = store.load(tmp_path / "p.h5")
    angle = dataset.observations[:, :2]
    assert np.allclose((angle**2).sum(axis=1), 1, atol=1e-5)
    assert np.abs(dataset.actions).max() <= demo.TORQUE


def test_a_second_collection_does_not_touch_the_first(tmp_path):
    with pytest.raises(ConfigError, match="already exists"):
        demo.collect(tmp_path, episodes=3, seed=0)


def test_the_swing_up_policy_gets_the_pendulum_up(tmp_path):
    import gymnasium

    env = gymnasium.make("Pendulum-v1")
    observation, _ = env.reset(seed=1)
    heights = []
    for _ in range(200):
        torque = np.clip(demo._swing_up(observation), -demo.TORQUE, demo.TORQUE)
        observation, *_ = env.step(np.array([torque], np.float32))
        heights.append(observation[0])
    env.close()
    assert max(heights) > 0.95


def test_the_minari_root_is_put_back(tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", "before")
    with demo.minari_root(tmp_path):
        assert os.environ["MINARI_DATASETS_PATH"] == str(tmp_path)
    assert os.environ["MINARI_DATASETS_PATH"] == "before"
    monkeypatch.delenv("MINARI_DATASETS_PATH")
    with demo.minari_root(tmp_path):
        pass
    assert "MINARI_DATASETS_PATH" not in os.environ


def test_only_what_a_demo_leaves_is_taken_for_a_demo(tmp_path):
    files = demo.DemoFiles(tmp_path)
    assert not files.is_demo()
    (files.minari / "demo" / "pendulum").mkdir(parents=True)
    (files.minari / "demo" / "namespace_metadata.json").touch()
    files.data.touch()
    assert files.is_demo()


@pytest.mark.parametrize(
    "mine", ["thesis.tex", "minari/D4RL/door", "minari/demo/my-own", "run2"]
)
def test_one_strange_name_makes_a_folder_no_demo(tmp_path, mine):
    files = demo.DemoFiles(tmp_path)
    (files.minari / "demo" / "pendulum").mkdir(parents=True)
    (tmp_path / mine).mkdir(parents=True)
    assert not files.is_demo()
