import csv
import io
import json
import math

from sweep_parts import made, seed, trial

from koopcli.sweep import tables


def sweep():
    return made(
        trial(2, error=0.25, seeds=(seed(0, 0.2), seed(1, 0.3))),
        trial(1, "pruned", last_error=0.5, seeds=(), seconds=4.4),
        trial(3, "running", settings={}, seconds=None),
        trial(0, "diverged", message="NaN | at step 3", rate=0.09),
        seeds=(0, 1),
    )


def test_all_files_are_written_and_replaced(tmp_path):
    for _ in range(2):
        names = tables.write(sweep(), tmp_path)
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())
    document = json.loads((tmp_path / "sweep.json").read_text())
    assert document["schema"] == "koopcli.sweep/1"
    assert document["best"]["trial"] == 2 and document["best"]["error"] == 0.25
    assert document["measure"] == {"name": "validation NRMSE", "horizon": 100}
    assert document["counts"] == {
        "finished": 1, "pruned": 1, "running": 1, "diverged": 1,
    }  # fmt: skip


def test_without_a_best_trial_there_is_no_best_toml(tmp_path):
    none = made(trial(0, "pruned", last_error=math.nan))
    assert tables.BEST not in tables.write(none, tmp_path)
    document = json.loads((tmp_path / "sweep.json").read_text())
    assert document["best"] is None and document["trials"][0]["last_error"] is None


def test_the_csv_has_a_column_per_setting_and_seed():
    [best, *_, last] = csv.DictReader(io.StringIO(tables.as_csv(sweep())))
    assert best["optimizer.learning_rate"] == "0.01" and best["error"] == "0.25"
    assert (best["error_seed0"], best["error_seed1"]) == ("0.2", "0.3")
    assert last["status"] == "diverged" and last["error"] == ""
    assert last["message"] == "NaN | at step 3"


def test_the_table_is_for_people():
    found = sweep()
    assert tables.columns(found) == [
        "trial", "status", "NRMSE", "learning_rate", "latent_dim", "seconds",
    ]  # fmt: skip
    assert tables.rows(found) == [
        ["2", "finished", "0.25 ± 0.07", "0.01", "32", "9"],
        ["1", "pruned", "(0.5)", "0.01", "32", "4"],
        ["3", "running", "", "", "", ""],
        ["0", "diverged", "", "0.09", "32", "9"],
    ]


def test_settings_without_a_value_are_called_none():
    found = made(trial(0, error=0.2, settings={"model.latent_dim": None}))
    assert tables.rows(found) == [["0", "finished", "0.2", "", "none", "9"]]


def test_markdown_says_what_was_asked_for_and_what_failed():
    text = tables.as_markdown(sweep())
    assert "4 of 4 trials: 1 finished, 1 pruned, 1 running, 1 diverged." in text
    assert "over 100 steps, mean ± deviation over seeds 0, 1;" in text
    assert "- trial 0, diverged: NaN | at step 3" in text
    assert "| seeds | [0, 1] |" in text
    fine = tables.as_markdown(made(trial(0, error=0.2)))
    assert "What failed" not in fine and "deviation" not in fine
