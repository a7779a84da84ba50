import linear_plant
import numpy as np
import pytest

from koopcli.spectrum import frequency_response, linear_form


def test_it_is_that_of_the_plant_up_to_nyquist(exact):
    found = frequency_response.of(linear_form.of(exact), linear_plant.DT)
    assert found.frequency_hz[-1] == pytest.approx(5.0)
    a, b, _ = linear_plant.matrices()
    for place in (0, 200, -1):
        z = np.exp(2j * np.pi * found.frequency_hz[place] * linear_plant.DT)
        wanted = np.linalg.solve(z * np.eye(6) - a, b)
        assert found.response[place] == pytest.approx(wanted, rel=1e-3, abs=1e-4)
