import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data import suspicions
from koopcli.data.episode import Episode
from koopcli.data.statistics import Accumulator


def episode(value=1.0, rewards=1.0, steps=20, name="a"):
    return Episode(
        observations=np.full((steps + 1, 1), value),
        actions=np.zeros((steps, 1)),
        rewards=None if rewards is None else np.full(steps, rewards),
        terminations=np.zeros(steps, bool),
        truncations=np.zeros(steps, bool),
        source=name,
    )


def warnings(*episodes, known=True):
    signs = suspicions.Signs()
    for one in episodes:
        signs.see(one)
    lengths = np.array([one.length for one in episodes])
    return " ".join(signs.warnings(lengths, np.full(len(lengths), known)))


def test_ordinary_episodes_raise_no_suspicion():
    assert warnings(episode(1.0), episode(2.0)) == ""


def test_copies_zero_rewards_short_episodes_and_unknown_ends_are_named():
    assert "1 episodes are copies of others (b of a)" in warnings(
        episode(name="a"), episode(name="b")
    )
    assert "all rewards are zero" in warnings(episode(rewards=0.0))
    assert "rewards" not in warnings(episode(rewards=None))
    assert "fewer than 10 steps" in warnings(episode(steps=9))
    assert "unknown in 1 of 1 episodes" in warnings(episode(), known=False)


def columns(*rows):
    total = Accumulator(len(rows[0]))
    total.add(np.array(rows))
    return {"observations": total.result()}


def test_constant_columns_and_lost_digits_are_named():
    found = suspicions.of_columns(columns([1.0, 5.0], [2.0, 5.0]), ("x", "y"), ())
    assert found == ["constant observations in the training split (scale 1 is used): y"]
    found = suspicions.of_columns(columns([1e6, 0.0], [1e6 + 100, 1.0]), ("x", "y"), ())
    assert "lose digits in float32" in found[0] and found[0].endswith(": x")


def test_an_empty_split_is_named_only_if_it_was_wanted():
    splits = {
        "train": np.array([0]),
        "val": np.array([], int),
        "test": np.array([], int),
    }
    config = IngestConfig(val_fraction=0.1, test_fraction=0.0)
    assert suspicions.of_splits(splits, config) == [
        "too few episodes for a val split: it is empty"
    ]
