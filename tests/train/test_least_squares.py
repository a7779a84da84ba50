import numpy as np
import pytest

from koopcli.train.least_squares import Ridge, accumulate


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    x = random.normal(size=(500, 6)) * [1, 3, 0.1, 1, 1, 1] + [0, 5, 1, 0, 0, -2]
    y = x @ random.normal(size=(6, 3)) + random.normal(size=(500, 3)) + 4
    return x, y


def blocks(x, y, size=64):
    return ((x[i : i + size], y[i : i + size]) for i in range(0, len(x), size))


def one_shot(x, y, penalty):
    """Ridge as least squares with extra rows; the constant is not penalised."""
    centred, scale = x - x.mean(axis=0), x.std(axis=0)
    rows = np.sqrt(penalty * len(x)) * np.eye(x.shape[1])
    inputs = np.concatenate([centred / scale, rows])
    targets = np.concatenate([y - y.mean(axis=0), np.zeros((x.shape[1], y.shape[1]))])
    return np.linalg.lstsq(inputs, targets, rcond=None)[0] / scale[:, None]


@pytest.mark.parametrize("penalty", [0.0, 1e-6, 0.1, 10.0])
def test_streaming_equals_one_shot_least_squares(rows, penalty):
    moments = accumulate(blocks(*rows))
    weights = Ridge(moments).solve(penalty)
    assert np.allclose(weights, one_shot(*rows, penalty), rtol=1e-9, atol=1e-11)


def test_the_offset_and_the_error_are_those_of_the_rows(rows):
    x, y = rows
    moments = accumulate(blocks(x, y))
    weights = Ridge(moments).solve(0.1)
    residual = y - x @ weights - moments.offset(weights)
    assert np.allclose(residual.mean(axis=0), 0, atol=1e-10)
    assert np.allclose(moments.error(weights), (residual**2).mean(axis=0))


@pytest.mark.parametrize("size", [1, 7, 500, 10_000])
def test_the_size_of_the_blocks_does_not_matter(rows, size):
    found, expected = accumulate(blocks(*rows, size)), accumulate(blocks(*rows))
    assert np.allclose(found.xx, expected.xx) and np.allclose(found.xy, expected.xy)


@pytest.mark.parametrize("penalty", [0.0, 1e-6])
def test_constant_and_repeated_columns_do_no_harm(rows, penalty):
    x, y = rows
    constant, zero = np.full((500, 1), 0.3), np.zeros((500, 1))
    singular = np.concatenate([x, constant, zero, x[:, :1]], axis=1)
    moments = accumulate(blocks(singular, y))
    weights = Ridge(moments).solve(penalty)
    assert np.abs(weights[6:8]).max() < 1e-6
    assert np.allclose(weights[0], weights[8], atol=1e-6)
    plain = Ridge(accumulate(blocks(x, y))).solve(penalty)
    assert np.allclose(singular @ weights, x @ plain, atol=1e-4)
