from typing import get_args

import pytest

from koopcli.cli.options import SplitSeed, TestFraction, ValFraction
from koopcli.config.data import IngestConfig, SplitConfig


@pytest.mark.parametrize(
    ("option", "name"),
    [
        (ValFraction, "val_fraction"),
        (TestFraction, "test_fraction"),
        (SplitSeed, "seed"),
    ],
)
def test_the_default_shown_is_that_of_both_commands(option, name):
    shown = get_args(option)[1].show_default
    assert shown == str(getattr(SplitConfig(), name))
    assert shown == str(getattr(IngestConfig(), name))
