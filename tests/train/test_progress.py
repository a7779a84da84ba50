import math

import pytest

from koopcli.config.training import TrainConfig
from koopcli.train.progress import (
    BestModel,
    Clock,
    Timer,
    checkpoint_due,
    dispatch_lengths,
)


def test_calls_end_at_validations_checkpoints_and_the_end():
    config = TrainConfig(
        steps=23, horizon=5, dispatch_steps=4, eval_every=10, checkpoint_every=7
    )
    lengths = list(dispatch_lengths(config))
    ends = [sum(lengths[: i + 1]) for i in range(len(lengths))]
    assert ends == [4, 7, 10, 14, 18, 20, 21, 23]
    due = [
        end
        for end, count in zip(ends, lengths, strict=True)
        if checkpoint_due(config, end, count)
    ]
    assert due == [7, 14, 21]


@pytest.mark.parametrize("done", [4, 7, 18, 23])
def test_a_run_that_goes_on_has_the_calls_it_would_have_had(done):
    config = TrainConfig(
        steps=23, horizon=5, dispatch_steps=4, eval_every=10, checkpoint_every=7
    )
    ends = [done]
    for count in dispatch_lengths(config, done):
        ends.append(ends[-1] + count)
    whole = [4, 7, 10, 14, 18, 20, 21, 23]
    assert ends == whole[whole.index(done) :]


def test_the_timer_rings_once_per_period_and_never_without_one(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    timer, never = Timer(minutes=0.5), Timer(minutes=0.0)
    heard = []
    for second in (129.0, 130.0, 131.0, 159.0, 161.0):
        now[0] = second
        heard.append(timer.due())
        assert not never.due()
    assert heard == [False, True, False, False, True]


def test_no_checkpoints_unless_asked():
    assert not checkpoint_due(TrainConfig(), 500, 500)


def test_the_best_is_the_lowest_and_never_nan():
    best = BestModel(patience=2)
    answers = [best.offer(v, s) for s, v in enumerate([3.0, math.nan, 2.0, 2.0])]
    assert answers == [True, False, True, False]
    assert (best.value, best.step, best.exhausted) == (2.0, 2, False)
    best.offer(5.0, 4)
    assert best.exhausted


def test_patience_zero_never_stops():
    best = BestModel(patience=0)
    for step in range(10):
        best.offer(1.0, step)
    assert not best.exhausted


def test_the_clock_predicts_the_end_from_the_last_rate():
    clock = Clock(steps=100)
    clock.tick(10, 10, elapsed=2.0)
    fields = clock.fields()
    assert Clock(steps=100, done=30, seconds=7.0).seconds >= 7.0
    assert fields["steps_per_second"] == pytest.approx(5.0)
    assert fields["eta_seconds"] == pytest.approx(18.0)


def test_the_clock_knows_when_the_first_step_began(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    clock = Clock(steps=10, done=4, seconds=30.0)
    assert clock.start_up is None
    for now[0] in (107.0, 120.0):
        clock.begun()
    assert clock.start_up == 7.0 and clock.seconds == 50.0
