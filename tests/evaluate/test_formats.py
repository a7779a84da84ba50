import csv

import pyarrow.parquet as pq
import pytest

from koopcli.evaluate import formats

NAN = float("nan")
ROWS = [
    {"run": "a", "mse": 0.1, "interval": {"mse": (0.05, 0.2)}},
    {"run": None, "mse": NAN, "interval": {"mse": (NAN, NAN)}},
]


def test_nan_and_infinities_become_null_at_any_depth():
    value = {"a": [NAN, (1.0, float("inf"))], "b": "nan"}
    assert formats.without_nan(value) == {"a": [None, [1.0, None]], "b": "nan"}


def test_an_interval_becomes_two_columns():
    assert formats.flat(ROWS[0]) == {
        "run": "a", "mse": 0.1, "mse_low": 0.05, "mse_high": 0.2,
    }  # fmt: skip
    assert formats.flat({"x": 1, "interval": (2.0, 3.0)}) == {
        "x": 1, "interval_low": 2.0, "interval_high": 3.0,
    }  # fmt: skip


def test_csv_is_empty_where_a_value_is_undefined():
    first, second = csv.DictReader(formats.as_csv(ROWS).splitlines())
    assert first == {"run": "a", "mse": "0.1", "mse_low": "0.05", "mse_high": "0.2"}
    assert set(second.values()) == {""}


def test_parquet_holds_the_columns_of_the_csv(tmp_path):
    formats.write_parquet(ROWS, tmp_path / "r.parquet")
    table = pq.read_table(tmp_path / "r.parquet")
    assert table.to_pydict() == {
        "run": ["a", None], "mse": [0.1, None], "mse_low": [0.05, None],
        "mse_high": [0.2, None],
    }  # fmt: skip


def test_latex_is_escaped_and_closed():
    assert formats.latex(r"a_b\c%{}~^") == (
        r"a\_b\textbackslash{}c\%\{\}\textasciitilde{}\textasciicircum{}"
    )
    text = formats.tabular(("model", "50 %"), [["a_b", "1"]])
    assert text.splitlines() == [
        r"\begin{tabular}{lr}", r"\toprule", r"model & 50 \% \\", r"\midrule",
        r"a\_b & 1 \\", r"\bottomrule", r"\end{tabular}",
    ]  # fmt: skip


def test_markdown_escapes_what_would_end_a_cell():
    assert formats.markdown(["a"], [["x|y"]]).splitlines()[-1] == r"| x\|y |"


@pytest.mark.parametrize(
    ("interval", "text"),
    [((0.1, 0.3), "0.2 [0.1, 0.3]"), ((NAN, NAN), "0.2"), ((), "0.2 []")],
)
def test_a_number_is_shown_with_its_interval_if_it_has_one(interval, text):
    assert formats.within(0.2, interval or (NAN, NAN)) == text.removesuffix(" []")
    assert formats.number(None) == formats.number(NAN) == "-"
