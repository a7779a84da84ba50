import pytest

from koopcli.compare.meter import Meter
from koopcli.train.report import StepReport


def hear(meter, step, rate):
    meter(
        StepReport(
            step=step,
            steps=100,
            seconds=0.0,
            steps_per_second=rate,
            eta_seconds=0.0,
            losses={},
        )
    )


def test_the_call_that_compiles_counts_at_the_rate_of_the_others():
    meter = Meter()
    hear(meter, 10, 0.1)
    hear(meter, 20, 5.0)
    hear(meter, 40, 10.0)
    assert meter.steps == 40
    assert meter.seconds == pytest.approx((2 + 2) / 30 * 40)


def test_an_only_call_counts_as_it_is():
    meter = Meter()
    assert meter.seconds == 0
    hear(meter, 10, 2.0)
    assert meter.seconds == pytest.approx(5)


def test_a_run_that_went_on_has_compiled_twice():
    meter = Meter(starts={20})
    meter.note(10, 0.1)
    meter.note(20, 5.0)
    meter.note(30, 0.0)  # rounded, as in a file
    meter.note(40, 10.0)
    assert meter.seconds == pytest.approx((2 + 1) / 20 * 40)
