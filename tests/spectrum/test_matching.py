import numpy as np
import pytest

from koopcli.spectrum import matching


def test_the_same_spectrum_in_another_order_is_no_distance():
    a = np.array([0.9, 0.5j, -0.3])
    found = matching.compare(a, a[::-1], ("x", "y"))
    assert found.hausdorff == found.median == 0.0
    assert found.common == 1.0
    assert found.as_json()["a"] == "x"


def test_mirror_images_are_the_same_mode():
    a = np.array([0.5 + 0.5j])
    assert matching.compare(a, a.conj()).hausdorff == 0.0


def test_distances_by_hand():
    # 0 and 1 against 0.1: the far one is 0.9 away there, and nothing comes back.
    found = matching.compare(np.array([0j, 1 + 0j]), np.array([0.1 + 0j]))
    assert found.directed == pytest.approx(0.9)
    assert found.directed_back == pytest.approx(0.1)
    assert found.hausdorff == pytest.approx(0.9)
    assert (found.matched, found.median) == (1, pytest.approx(0.1))


def test_a_mode_is_matched_once():
    # Greedy would take 0.5-0.6 and leave 1.0-0.0; the sum is least the other way round.
    found = matching.compare(np.array([0.5 + 0j, 0.6]), np.array([0.55 + 0j, 0.0]))
    assert found.matched == 2
    assert found.median == pytest.approx((0.5 + 0.05) / 2)


def test_chance_says_how_much_a_crowded_disc_means():
    random = np.random.default_rng(0)
    crowd = 0.99 * np.exp(1j * random.uniform(0, np.pi, 300))
    lone = 0.99 * np.exp(1j * np.array([0.3, 1.7]))
    assert matching.compare(crowd, crowd).by_chance > 0.5
    assert matching.compare(lone, lone).by_chance < 0.2
