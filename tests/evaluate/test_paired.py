import evaluation_parts
import numpy as np
import pytest

from koopcli.evaluate import bootstrap as draws
from koopcli.evaluate import paired
from koopcli.evaluate.tally import Entrant

EPISODES = np.repeat(np.arange(12), 2)


def scored(*profiles):
    """Entrants A, B, ... with the given squared errors of every start."""
    return [
        evaluation_parts.scored(profile, EPISODES, None, name)
        for name, profile in zip("ABC", profiles, strict=False)
    ]


def compare(*profiles):
    drawn = draws.draw(12, 200, 0.95, 0)
    return paired.compare(scored(*profiles), (1,), drawn)


@pytest.fixture
def noise():
    return np.random.default_rng(0).uniform(1.0, 100.0, size=(24, 1))


def test_a_small_steady_difference_is_seen_through_large_errors(noise):
    at_horizon, mean = compare(noise, noise + 0.1)
    assert at_horizon.better == mean.better == "koopman (A)"
    assert mean.difference == pytest.approx(-0.1, abs=1e-5)
    assert mean.interval == pytest.approx((-0.1, -0.1), abs=1e-5)
    assert at_horizon.share_first == 1.0
    assert at_horizon.difference == pytest.approx(
        np.sqrt(noise.mean()) - np.sqrt((noise + 0.1).mean()), abs=1e-6
    )


def test_the_order_of_the_two_does_not_matter(noise):
    found = compare(noise + 0.1, noise)[0]
    assert (found.better, found.share_first) == ("koopman (B)", 0.0)


def test_equal_models_are_not_distinguishable(noise):
    found = compare(noise, noise)[0]
    assert found.better == paired.TIE
    assert (found.difference, found.share_first) == (0.0, 0.5)


def test_models_that_win_by_turns_are_not_distinguishable(noise):
    other = noise + np.where(np.arange(24)[:, None] // 2 % 2, 1.0, -1.0)
    found = compare(noise, other)[1]
    assert found.better == paired.TIE
    assert found.interval[0] < 0 < found.interval[1]


def test_a_model_that_diverges_loses_to_one_that_does_not(noise):
    wild = noise.copy()
    wild[3] = np.inf
    assert compare(wild, noise)[0].better == "koopman (B)"
    assert compare(wild, wild)[0].better == paired.TIE


def test_starts_that_do_not_see_so_far_are_left_out(noise):
    short = noise.copy()
    short[:4] = np.nan
    assert compare(short, short + 1)[0].starts == 20


def test_all_pairs_are_compared_but_not_two_baselines(noise):
    three = scored(noise, noise, noise)
    bare = [(Entrant(None, "linear", e.rollout), t) for e, t in three[1:]]
    drawn = draws.draw(12, 20, 0.95, 0)
    assert len(paired.compare(three, (1,), drawn)) == 3 * 2
    assert len(paired.compare([three[0], *bare], (1,), drawn)) == 2 * 2


def test_without_an_interval_there_is_no_verdict(noise):
    bare = draws.draw(12, 0, 0.95, 0)
    found = paired.compare(scored(noise, noise + 9), (1,), bare)
    assert {each.better for each in found} == {paired.UNKNOWN}
