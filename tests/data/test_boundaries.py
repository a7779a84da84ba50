import numpy as np
import pytest

from koopcli.data import boundaries


def test_time_limits_start_anew_after_every_end():
    ends = np.zeros(8, bool)
    ends[[2, 7]] = True
    assert np.flatnonzero(boundaries.time_limits(ends, 2)).tolist() == [1, 4, 6]


def test_a_row_that_does_not_continue_is_a_hidden_boundary():
    now = np.arange(6.0)[:, None]
    following = now + 1
    assert not boundaries.hidden(now, following, boundaries.scale(now)).any()
    following[3] = 40
    assert np.flatnonzero(
        boundaries.hidden(now, following, boundaries.scale(now))
    ).tolist() == [3]


@pytest.mark.parametrize("block", [1, 2, 5])
def test_the_block_size_changes_nothing(monkeypatch, block):
    rng = np.random.default_rng(0)
    now = rng.normal(size=(9, 2))
    following = np.concatenate([now[1:], now[:1]])
    following[[1, 6]] += 3
    monkeypatch.setattr(boundaries, "BLOCK_ROWS", block)
    monkeypatch.setattr(boundaries, "CONTINUITY", 1e-9)
    assert np.flatnonzero(
        boundaries.hidden(now, following, boundaries.scale(now))
    ).tolist() == [1, 6]
