import csv
import json

from koopcli.compare import tables


def test_all_files_are_written_again_and_again(comparison, tmp_path):
    for _ in range(2):
        tables.write(comparison, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == set(tables.FILES)


def test_the_document_has_runs_models_and_rankings(comparison):
    document = json.loads(json.dumps(tables.document(comparison), allow_nan=False))
    assert document["schema"] == "koopcli.compare/1"
    assert set(document) == {
        "schema", "request", "protocol", "runs", "models", "rankings", "warnings",
    }  # fmt: skip
    runs = {run["run"]: run for run in document["runs"]}
    assert runs["koopman-seed1"]["training"]["seed"] == 1
    assert runs["gru-seed1"]["training"]["status"] == "diverged"
    assert runs["gru-seed1"]["errors"] == []
    assert runs["persistence"]["training"] is None
    assert runs["persistence"]["errors"][2] == {
        "quantity": "observations", "name": "nrmse", "steps": 4, "value": None,
    }  # fmt: skip
    koopman, gru, _ = document["models"]
    assert koopman["errors"][0]["mean"] == 0.2
    assert (gru["runs"], gru["finished"]) == (2, 1)
    assert document["rankings"][0]["models"] == ["koopman", "persistence"]


def test_csv_has_a_row_per_run(comparison):
    rows = list(csv.DictReader(tables.as_csv(comparison).splitlines()))
    assert [row["run"] for row in rows] == [
        "koopman-seed0", "koopman-seed1", "gru-seed0", "gru-seed1", "persistence",
    ]  # fmt: skip
    assert float(rows[1]["observations_nrmse_1"]) == 0.3
    assert rows[3]["observations_nrmse_1"] == "" and rows[3]["status"] == "diverged"
    assert rows[4]["seed"] == "" and rows[4]["observations_nrmse_4"] == ""


def test_markdown_and_latex_mark_the_best(comparison):
    text = tables.as_markdown(comparison)
    assert "| koopman | **0.200 ± 0.141** |" in text
    assert "## Warnings" in text and "| dataset | d.h5 |" in text
    source = tables.as_latex(comparison)
    assert r"koopman & \textbf{0.200 $\pm$ 0.141}" in source
    assert r"25.00 \%" in source
    assert source.count(r"\begin{tabular}") == source.count(r"\end{tabular}") == 3
