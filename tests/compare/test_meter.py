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
