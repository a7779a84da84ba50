import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.cli import quantities
from koopcli.config.choices import ModelKind
from koopcli.config.comparison import Budget
from koopcli.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("300000", 300_000), ("300k", 300_000), ("1.5M", 1_500_000), ("1.1k", 1100)],
)
def test_parameters(text, expected):
    assert quantities.parameters(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0", "-3", "1.5", "300kk", "many", "1e5", "9" * 400]
)
def test_no_number_of_parameters(text):
    with pytest.raises(ConfigError, match="--params"):
        quantities.parameters(text)


@given(st.integers(1, 10**9))
def test_a_plain_number_is_steps(number):
    assert quantities.budget(str(number)) == Budget(steps=number)
    assert quantities.budget(f" {number}K ") == Budget(steps=1000 * number)


@given(st.integers(1, 10**6), st.sampled_from([("s", 1), ("m", 60), ("h", 3600)]))
def test_a_number_with_a_unit_is_time(number, unit):
    assert quantities.budget(f"{number}{unit[0]}") == Budget(seconds=number * unit[1])
    tenth = quantities.budget(f"{number / 10}{unit[0]}").seconds
    assert tenth == pytest.approx(number * unit[1] / 10)


@given(st.text())
def test_anything_is_a_budget_or_a_usage_error(text):
    try:
        budget = quantities.budget(text)
    except ConfigError:
        return
    assert (budget.steps or 0) > 0 or (budget.seconds or 0) > 0


@pytest.mark.parametrize("text", ["", "0", "0m", "-5", "1.5", "5d", "m", "9" * 400])
def test_no_budget(text):
    with pytest.raises(ConfigError, match="--budget"):
        quantities.budget(text)


def test_lists():
    assert quantities.numbers("0, 1,5", "--seeds") == (0, 1, 5)
    with pytest.raises(ConfigError, match="--seeds '0,x': expected whole numbers"):
        quantities.numbers("0,x", "--seeds")
    kinds = (ModelKind.GRU, ModelKind.KOOPMAN)
    assert quantities.names("gru, koopman", ModelKind, "--models") == kinds
    with pytest.raises(
        ConfigError, match=r"'lstm' is not a valid.*choose from koopman"
    ):
        quantities.names("gru,lstm", ModelKind, "--models")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2GB", 2 * 10**9), ("1.5 GiB", 3 * 2**29), ("500mb", 5 * 10**8), ("7", 7)],
)
def test_memory(text, expected):
    assert quantities.memory(text) == expected


@pytest.mark.parametrize("text", ["", "GB", "2 XB", "-1GB", "0.5B", "2,5GB", "nan"])
def test_no_amount_of_memory(text):
    with pytest.raises(ConfigError, match="expected an amount of memory such as 2GB"):
        quantities.memory(text)


@pytest.mark.parametrize(
    ("text", "steps", "minutes"),
    [("500", 500, 0), ("2k", 2000, 0), ("5m", 0, 5), ("30s", 0, 0.5), ("1h", 0, 60)],
)
def test_a_period_is_steps_or_time(text, steps, minutes):
    expected = {"checkpoint_every": steps, "checkpoint_minutes": minutes}
    assert quantities.period(text) == expected


@pytest.mark.parametrize("text", ["", "often", "-5", "1.5", "5d", "9" * 400])
def test_no_period(text):
    with pytest.raises(ConfigError, match="--checkpoint-every"):
        quantities.period(text)
