import json
import math

import numpy as np

from koopcli.cli import render


def test_json_goes_to_stdout_with_null_for_what_is_not_finite(capsys):
    render.json_document(
        {"a": math.nan, "b": [1, math.inf], "c": np.float32(0.5), "d": np.arange(2)}
    )
    out, err = capsys.readouterr()
    assert json.loads(out) == {"a": None, "b": [1, None], "c": 0.5, "d": [0, 1]}
    assert err == ""


def test_a_wide_table_is_whole_when_piped(capsys):
    columns = [f"column_{i}" for i in range(10)]
    render.table("title [x]", columns, [["value[0]"] * 10])
    out, _ = capsys.readouterr()
    assert all(column in out for column in columns) and out.count("value[0]") == 10


def test_remarks_and_warnings_go_to_stderr(capsys):
    render.remark("r")
    render.warning("w")
    assert capsys.readouterr() == ("", "r\nwarning: w\n")


def test_numbers_for_people():
    assert render.number(0.123456) == "0.1235"
    assert render.number(None) == render.number(math.inf) == "-"


def test_text_is_a_result(capsys):
    render.text("line")
    assert capsys.readouterr().out == "line\n"
