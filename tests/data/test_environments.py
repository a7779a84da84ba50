import pytest

from koopcli.data.environments import named_in, seconds_per_step, time_limit


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("HalfCheetah-v5", 0.05),
        ("Hopper-v2", 0.008),
        ("phys2d/CartPole-v1", 0.02),
        ("Walker2d", 0.008),
        ("MyRobot-v0", None),
        ("", None),
        ("Hopper-v5-and-more", None),
    ],
)
def test_known_environments_have_their_documented_step(name, seconds):
    assert seconds_per_step(name) == seconds


@pytest.mark.parametrize(
    ("name", "steps"),
    [("Hopper-v4", 1000), ("hopper-medium", 1000), ("Door", None), ("", None)],
)
def test_known_environments_have_their_time_limit(name, steps):
    assert time_limit(name) == steps


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cs285_Hopper-v4.npz", "Hopper-v4"),
        ("HumanoidStandup-v5", "HumanoidStandup-v5"),
        ("GrassHopper-v4", ""),
        ("hopper.npz", ""),
    ],
)
def test_an_environment_is_found_in_a_file_name(text, name):
    assert named_in(text) == name
