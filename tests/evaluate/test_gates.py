import math
from dataclasses import fields, replace

import comparison_parts
import pytest

from koopcli.errors import ConfigError
from koopcli.evaluate import gates
from koopcli.evaluate.gates import Gate
from koopcli.evaluate.report import Row, Summary


def row(run, model, nrmse):
    values = {
        field.name: 0.0 if field.type == "float" or field.type is float else 0
        for field in fields(Row)
    }
    named = {"run": run, "model": model, "quantity": "observations", "interval": {}}
    return Row(**(values | named | {"horizon": 100, "nrmse": nrmse}))


def report(nrmse=0.4):
    horizons = comparison_parts.HORIZONS
    empty = comparison_parts.report([("a", "koopman", [0.1] * len(horizons))])
    return replace(
        empty,
        rows=(row("a", "koopman", nrmse), row(None, "linear", 9.0)),
        summaries=(
            Summary("a", "koopman", 0.1, 0.0, 0, 5, valid_steps=30),
            Summary(None, "linear", 9.0, 0.0, 0, 5, valid_steps=1),
        ),
    )


def failures(text, **numbers):
    return gates.failures([gates.parse(text)], report(**numbers))


def test_a_condition_has_metric_horizon_operator_and_number():
    assert gates.parse("nrmse@100>0.3") == Gate(
        "nrmse@100>0.3", "nrmse", "observations", 100, ">", 0.3
    )


@pytest.mark.parametrize(
    ("text", "quantity", "op", "number"),
    [
        ("mae[joint 1]@5 <= -1e-3", "joint 1", "<=", -1e-3),
        (" r2[observation[0]] @ 5 < .9 ", "observation[0]", "<", 0.9),
        ("rmse[a>b]@5>=2", "a>b", ">=", 2.0),
    ],
)
def test_a_quantity_stands_in_brackets_and_spaces_do_not_matter(
    text, quantity, op, number
):
    found = gates.parse(text)
    assert (found.quantity, found.horizon) == (quantity, 5)
    assert (found.op, found.number) == (op, number)


def test_numbers_of_a_whole_run_have_no_horizon():
    found = gates.parse("divergence_rate>0")
    assert (found.quantity, found.horizon) == (None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nrmse@100", "expected METRIC"),
        ("nrmse@100==3", "no number to compare"),
        ("nrmse@100=3", "expected METRIC"),
        ("__import__('os')", "expected METRIC"),
        ("nrmse@-1>0", "expected METRIC"),
        ("", "expected METRIC"),
        ("nrmse@100>x", "'x' is no number"),
        ("nrmse@100>nan", "'nan' is no number"),
        ("error@100>1", "no metric 'error'; there are mse, rmse"),
        ("nrmse>1", "say how far ahead, as in nrmse@100"),
        ("mean_nmse@3>1", "omit @HORIZON"),
        ("mean_nmse[x]>1", "omit @HORIZON"),
    ],
)
def test_what_does_not_follow_the_grammar_is_refused(text, message):
    with pytest.raises(ConfigError, match="--fail-if") as caught:
        gates.parse(text)
    if text != "nrmse@100==3":
        assert message in str(caught.value)


def test_a_horizon_that_is_not_measured_is_refused_before_any_work():
    with pytest.raises(ConfigError, match="7 is not among the horizons 1, 10"):
        gates.check_horizons([gates.parse("nrmse@7>1")], (1, 10))
    gates.check_horizons([gates.parse("nrmse@10>1"), gates.parse("mean_nmse>1")], (10,))


def test_a_condition_that_holds_is_told_with_the_value():
    (found,) = failures("nrmse@100>0.3")
    assert found == (
        "koopman (a): nrmse@100 is 0.4, and --fail-if 'nrmse@100>0.3' holds"
    )
    assert failures("nrmse@100>0.4") == []
    assert len(failures("nrmse@100>=0.4")) == 1


def test_baselines_never_fail():
    assert failures("nrmse@100>5") == failures("valid_steps<2") == []
    assert len(failures("valid_steps<=30")) == 1


@pytest.mark.parametrize("missing", [math.nan, math.inf])
@pytest.mark.parametrize("text", ["nrmse@100>0.3", "nrmse@100<0.3"])
def test_a_value_that_is_not_there_has_not_passed(text, missing):
    assert len(failures(text, nrmse=missing)) == 1


def test_long_run_statistics_are_judged_over_all_episodes_if_they_were_asked_for():
    several = [gates.parse("d_stsp>1")]
    with pytest.raises(ConfigError, match="'d_stsp>1': add --long-run"):
        gates.check_long_run(several, asked=False)
    gates.check_long_run(several, asked=True)
    rows = [
        {"run": "a", "episode": None, "quantity": "observations", "d_stsp": 2.0},
        {"run": "a", "episode": 3, "quantity": "observations", "d_stsp": 9.0},
        {"run": "a", "episode": None, "quantity": "x", "d_stsp": math.nan},
    ]
    found = gates.failures(several, replace(report(), more={"long_run": rows}))
    assert found == ["koopman (a): d_stsp is 2, and --fail-if 'd_stsp>1' holds"]
    assert len(gates.failures(several, report())) == 1


def test_rows_that_do_not_exist_have_not_passed():
    assert len(failures("nrmse[rewards]@100>1e9")) == 1
    assert len(failures("nrmse@50>1e9")) == 1
