import math

import pytest

from koopcli.config.checks import above, at_least, at_most, fraction
from koopcli.errors import ConfigError


def test_limits_themselves_are_allowed_where_the_name_says_so():
    at_least("x", 1, value=1)
    at_most("x", 1, value=1)
    fraction("x", low=0, high=1)
    with pytest.raises(ConfigError, match=r"x\.value must be > 1, got 1"):
        above("x", 1, value=1)


@pytest.mark.parametrize("check", [at_least, at_most, above])
def test_nan_passes_no_limit(check):
    with pytest.raises(ConfigError, match="nan"):
        check("x", 0, value=math.nan)


def test_each_limit_names_what_it_refused():
    with pytest.raises(ConfigError, match=r"x\.b must be >= 1, got 0"):
        at_least("x", 1, a=2, b=0)
    with pytest.raises(ConfigError, match=r"x\.a must be <= 1, got 2"):
        at_most("x", 1, a=2)
    with pytest.raises(ConfigError, match=r"x\.a must lie in \[0, 1\], got -1"):
        fraction("x", a=-1)
