import io
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from memory_dataset import memory_dataset

from koopcli.data import columns
from koopcli.errors import ConfigError
from koopcli.train import scratch
from koopcli.train.batches import standardise


def read(copy, rows, known, points):
    windows = np.zeros((len(rows), points, copy.columns), np.float32)
    copy.read(np.array(rows), np.array(known), windows)
    return windows


@pytest.mark.parametrize("known", [True, False])
def test_rows_hold_state_action_and_reward_side_by_side(tmp_path, monkeypatch, known):
    monkeypatch.setattr(columns, "BLOCK_BYTES", 24)  # three rows: blocks cut episodes
    dataset = memory_dataset((6, 4, 9, 5), known=[known] * 4)
    statistics = dataset.statistics
    with scratch.copied(dataset, tmp_path) as copy:
        for episode, length in enumerate(dataset.lengths):
            first = dataset.observation_starts[episode]
            step = dataset.step_starts[episode]
            [found] = read(copy, [first], [length], int(length))
            states = standardise(
                dataset.observations[first : first + length], statistics.observations
            )
            actions = standardise(
                dataset.actions[step : step + length], statistics.actions
            )
            rewards = standardise(
                dataset.rewards[step : step + length], statistics.rewards
            )
            assert np.array_equal(found, np.c_[states, actions, rewards])


def test_what_is_not_known_is_zero_and_the_order_is_that_asked_for(tmp_path):
    dataset = memory_dataset(rewards=False, action=0)
    with scratch.copied(dataset, tmp_path) as copy:
        found = read(copy, [5, 0, 25], [2, 9, 3], 4)
        whole = read(copy, [0], [28], 28)[0]
    assert np.array_equal(found[0, :2], whole[5:7]) and not found[0, 2:].any()
    assert np.array_equal(found[1], whole[:4])
    assert np.array_equal(found[2, :3], whole[25:28])


def test_the_file_has_no_name_and_is_closed_after_an_error(tmp_path):
    with (
        pytest.raises(RuntimeError, match="stop"),
        scratch.copied(memory_dataset(), tmp_path) as copy,
    ):
        assert not [path for path in tmp_path.iterdir() if path.is_file()]
        raise RuntimeError("stop")
    assert copy.file.closed


def test_a_full_disk_is_seen_beforehand(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**6))
    with (
        pytest.raises(ConfigError, match=r"scratch copy .* takes 0\.00 GB of disk"),
        scratch.copied(memory_dataset(), tmp_path),
    ):
        pass


def test_a_failing_write_says_where(tmp_path, monkeypatch):
    class Full(io.RawIOBase):
        def write(self, _):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match=r"No space left.*scratch copy") as caught:
        scratch._write(Full(), memoryview(b"abc"), tmp_path)
    assert caught.value.errno == 28


def test_a_copy_that_ends_early_is_an_error(tmp_path):
    with scratch.copied(memory_dataset(), tmp_path) as copy:
        copy.file.truncate(40)
        with pytest.raises(OSError, match="ends early"):
            read(copy, [0], [9], 9)
