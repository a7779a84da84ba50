import pytest

from koopcli.config.sweep import SweepConfig
from koopcli.errors import ConfigError


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"params": ()}, "params must name at least one"),
        ({"trials": 0}, "sweep.trials must be >= 1"),
        ({"seeds": ()}, "seeds must name at least one"),
        ({"seeds": (1, 1)}, "names one twice"),
        ({"seeds": (-1,)}, "sweep.seeds must be >= 0"),
        ({"sampler_seed": -1}, "sampler_seed must be >= 0"),
        ({"study": ""}, "study must have a name"),
    ],
)
def test_requests_that_mean_nothing_are_refused(changes, words):
    with pytest.raises(ConfigError, match=words):
        SweepConfig(**({"params": ("train.steps=1..2",)} | changes))


def test_by_default_there_is_one_seed():
    assert SweepConfig(params=("train.steps=1..2",)).seeds == (0,)
