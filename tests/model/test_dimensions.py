from dataclasses import FrozenInstanceError

import pytest

from koopcli.model.dimensions import Dimensions


def test_sizes_are_a_value_that_programs_can_be_compiled_by():
    sizes = Dimensions(state=3, action=0, reward=True)
    assert {sizes: "compiled"}[Dimensions(state=3, action=0, reward=True)] == "compiled"
    with pytest.raises(FrozenInstanceError):
        sizes.state = 4
