from pathlib import Path

import pytest

from koopcli.config.data import IngestConfig
from koopcli.data import agreement
from koopcli.data.readers import Source
from koopcli.errors import DataError


def source(observations, actions="u", dt=None):
    return Source(
        tuple(observations), tuple(actions), lambda: iter(()), (Path("x"),), dt, "known"
    )


def check(*sources):
    agreement.check_columns("ab", list(sources))
    return agreement.other_names("ab", list(sources))


def test_the_same_columns_agree_and_other_names_are_said():
    assert check(source("xy"), source("xy")) == []
    [remark] = check(source("xy"), source("vw"))
    assert remark.startswith("b has other observation names than a")


@pytest.mark.parametrize("other", [source("xyz"), source("yx"), source("xy", "")])
def test_other_numbers_and_another_order_are_refused_with_both_names(other):
    with pytest.raises(
        DataError, match=r"a and b differ in (observation|action) names"
    ):
        check(source("xy"), other)


def test_the_sampling_time_is_that_of_all_or_given_or_assumed():
    one, two = source("x", dt=0.1), source("x", dt=0.2)
    ask = agreement.sampling_time
    assert ask([one, one], IngestConfig()) == (0.1, "known", True)
    assert ask([one], IngestConfig(subsample=3))[1:] == (
        "known, 3 samples per step",
        True,
    )
    assert ask([one, two], IngestConfig(dt=0.3)) == (0.3, "--dt", True)
    assert ask([one, source("x")], IngestConfig()) == (1.0, "assumed", False)
    with pytest.raises(DataError, match="different sampling times"):
        ask([one, two], IngestConfig())
