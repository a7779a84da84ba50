import dataclasses

import numpy as np
from good_episode import GOOD

from koopcli.config.data import IngestConfig
from koopcli.data.delay_embedding import FIRST_STEPS, TOO_SHORT
from koopcli.data.readers import Source
from koopcli.data.usable import Tally, usable

LONG = dataclasses.replace(
    GOOD,
    observations=np.arange(22.0).reshape(11, 2),
    actions=np.zeros((10, 1)),
    rewards=np.ones(10),
    terminations=np.arange(10) == 9,
    truncations=np.zeros(10, bool),
)


def run(*episodes, **settings):
    source = Source(("x", "y"), ("u",), lambda: iter(episodes), ())
    tally = Tally()
    found = []
    for episode in usable([source], IngestConfig(**settings), tally):
        tally.keep(episode)
        found.append(episode)
    return found, tally


def test_the_past_is_joined_after_subsampling_and_what_it_costs_is_counted():
    found, tally = run(GOOD, LONG, GOOD, subsample=2, delay_embed=3)
    assert [episode.length for episode in found] == [3]
    assert found[0].observations[0].tolist() == [8, 9, 4, 5, 0, 1, 0, 0]
    assert tally.dropped == {
        "beyond the last whole step of --subsample": 0,
        TOO_SHORT: 2,
        FIRST_STEPS: 0,
    }
    assert tally.dropped_steps[FIRST_STEPS] == 2 and tally.dropped_steps[TOO_SHORT] == 2
    assert tally.terminations == 1 and tally.returns == [6.0]


def test_an_embedding_may_leave_too_little():
    short = dataclasses.replace(LONG, observations=np.ones((10, 2)))
    found, tally = run(short, delay_embed=10)
    assert found == [] and tally.dropped["one step whose result is unknown"] == 1
    found, tally = run(LONG, delay_embed=4, min_length=8)
    assert found == [] and tally.dropped_steps["shorter than 8 steps"] == 7
