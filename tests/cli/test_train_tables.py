import json
from pathlib import Path

from koopcli.cli import train_tables
from koopcli.cli.settings import resolve
from koopcli.train.report import FitResult

RESULT = FitResult(
    run=Path("runs/hopper"),
    steps=10,
    best_step=8,
    best_validation=0.0625,
    seconds=21.4,
    parameters=1234,
    reencode_every=5,
    stopped_early=False,
    seconds_to_first_step=3.25,
    warnings=("two steps were skipped",),
)


def cells(line):
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_outcome_in_words(capsys):
    train_tables.outcome(RESULT, Path("hopper.h5"), as_json=False)
    out, err = capsys.readouterr()
    rows = dict(cells(line) for line in out.splitlines() if line.startswith("│"))
    assert rows == {
        "model": "runs/hopper/model.eqx",
        "parameters": "1234",
        "steps": "10, best at 8",
        "validation NRMSE over the horizon": "0.25",
        "rollouts re-encode": "every 5 steps",
        "seconds": "21, of these 3.2 before the first step",
    }
    assert "two steps were skipped" in err
    assert "next: koopcli eval runs/hopper hopper.h5" in err


def test_the_outcome_for_programs(capsys):
    train_tables.outcome(RESULT, Path("hopper.h5"), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "koopcli.train/1"
    assert (found["run"], found["best_step"]) == ("runs/hopper", 8)


def test_settings_and_their_origins(capsys):
    resolved = resolve({"steps": 7}, [], None, {"KOOPCLI_LATENT_DIM": "9"})
    train_tables.settings(resolved, as_json=True)
    found = json.loads(capsys.readouterr().out)["settings"]
    by_name = {row["name"]: (row["value"], row["origin"]) for row in found}
    assert by_name["train.steps"][0] == 7 and by_name["train.steps"][1] != "default"
    assert by_name["train.seed"] == (0, "default")
    train_tables.settings(resolved, as_json=False)
    out = capsys.readouterr().out
    rows = [cells(line) for line in out.splitlines() if line.startswith("│")]
    assert ["train.val_horizon", "unset", "default"] in rows
    assert next(row for row in rows if row[0] == "model.latent_dim")[1] == "9"
