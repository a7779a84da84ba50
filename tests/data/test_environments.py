import pytest

from koopcli.data.environments import seconds_per_step


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
