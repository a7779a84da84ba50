import csv
import json

import pytest

from koopcli.config.evaluation import EvalConfig
from koopcli.errors import ConfigError
from koopcli.evaluate import tables
from koopcli.evaluate.evaluate import evaluate


@pytest.fixture
def report(data_file, run_folder):
    return evaluate(
        [run_folder], data_file, EvalConfig(horizons=(1, 3), stride=5, bootstrap=10)
    )


def test_all_files_are_written(report, tmp_path):
    written = tables.write(report, tmp_path / "out")
    found = {path.name for path in (tmp_path / "out").iterdir()}
    assert found == set(written)
    # Nothing was re-encoded in several ways, and nobody asked for the long run.
    asked_for = ("reencoding", "lyapunov", "long_run")
    assert {name for name in tables.FILES if name.startswith(asked_for)} == (
        set(tables.FILES) - found
    )
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["schema"] == "koopcli.eval/1"
    # The constant dimension has no r2.
    row = next(row for row in document["results"] if row["quantity"] == "one")
    assert row["r2"] is None


def test_csv_has_every_row_at_full_precision(report, tmp_path, monkeypatch):
    monkeypatch.setattr("koopcli.evaluate.figures.draw", lambda *arguments: None)
    folder = tmp_path / "out"
    tables.write(report, folder)
    rows = list(csv.DictReader((folder / "results.csv").read_text().splitlines()))
    assert len(rows) == len(report.rows) == 3 * 6 * 2
    assert float(rows[0]["mse"]) == report.rows[0].mse
    assert rows[-1]["run"] == ""
    assert rows[-1]["r2"] == ""


def test_markdown_shows_overall_errors_and_the_protocol(report):
    text = tables.as_markdown(report)
    assert "| linear | observations | 3 |" in text
    assert "| teacher_forcing | none |" in text
    assert "| x |" not in text
    assert "## Which is better" in text


def test_latex_closes_what_it_opens(report):
    text = tables.as_latex(report)
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") > 3
    assert r"model & 1 & 3 & diverged (\%) \\" in text


def test_an_unknown_dimension_is_refused_before_anything_is_written(report, tmp_path):
    with pytest.raises(ConfigError, match="--plot-dims 'q'"):
        tables.write(report, tmp_path / "out", dims=["q"])
    assert not (tmp_path / "out").exists()


def test_results_are_not_replaced_without_being_told(report, tmp_path, monkeypatch):
    monkeypatch.setattr("koopcli.evaluate.figures.draw", lambda *arguments: None)
    tables.write(report, tmp_path)
    with pytest.raises(ConfigError, match=r"results\.json: already exists"):
        tables.write(report, tmp_path)
    tables.write(report, tmp_path, overwrite=True)


def test_a_file_is_no_folder(report, data_file):
    with pytest.raises(ConfigError, match="is a file; --output takes a folder"):
        tables.write(report, data_file, overwrite=True)
