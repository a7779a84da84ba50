import csv
import dataclasses
import json

import numpy as np
import pytest

from koopcli.errors import ConfigError
from koopcli.evaluate import metrics, simulation
from koopcli.evaluate.simulation import SimulationProtocol, SimulationReport

PROTOCOL = SimulationProtocol(
    dataset="d.h5",
    dataset_sha256="0",
    split="test",
    episodes=2,
    n_init=3,
    reencode_every={"runs/a": 10},
    dt=0.1,
    dt_known=True,
    device="cpu",
)


def sums(errors):
    errors = np.array(errors, float)[:, None]
    truth = np.arange(float(errors.size)).reshape(errors.shape)
    return metrics.measure(truth + errors, truth, np.ones(errors.shape[:2], bool))


def report(names=("y",), episodes=2):
    errors = [[3.0, 4.0][: len(names)], [3.0, 4.0][: len(names)]]
    who, scales = ("runs/a", "koopman"), np.full(len(names), 2.0)
    rows = simulation.rows(who, (None, ""), sums(errors), scales, names)
    for number in range(episodes):
        place = (number, f"rig.csv: episode {number}")
        rows += simulation.rows(who, place, sums(errors), scales, names)
    protocol = dataclasses.replace(PROTOCOL, episodes=episodes)
    return SimulationReport(protocol, tuple(rows), ("careful",))


def test_rows_speak_of_all_dimensions_and_of_each():
    rows = report(("y", "z")).rows[:3]
    assert [row.quantity for row in rows] == ["observations", "y", "z"]
    assert [row.rmse for row in rows] == pytest.approx([np.sqrt(12.5), 3, 4])
    assert [row.nrmse for row in rows] == pytest.approx([np.sqrt(12.5) / 2, 1.5, 2])
    assert {row.samples for row in rows} == {2}


def test_people_see_episodes_if_they_are_few_and_no_row_twice():
    shown = simulation.cells(report())
    assert [row[1] for row in shown] == [
        "all episodes", "0: rig.csv: episode 0", "1: rig.csv: episode 1",
    ]  # fmt: skip
    assert {row[2] for row in shown} == {"y"}
    assert len(simulation.cells(report(("y", "z")))) == 9
    assert [row[1] for row in simulation.cells(report(episodes=13))] == ["all episodes"]
    assert len(simulation.cells(report(episodes=1))) == 1


def test_what_is_undefined_is_a_dash_and_null(tmp_path):
    made = report()
    broken = dataclasses.replace(made.rows[0], rmse=np.nan, quantity="y")
    other = dataclasses.replace(made, rows=(*made.rows, broken))
    assert simulation.cells(other)[-1][4] == "-"
    simulation.write(other, tmp_path / "out")
    document = json.loads((tmp_path / "out/simulation.json").read_text())
    assert document["results"][-1]["rmse"] is None


def test_files_hold_every_row_and_are_not_replaced(tmp_path):
    made = report()
    simulation.write(made, tmp_path / "out")
    document = json.loads((tmp_path / "out/simulation.json").read_text())
    assert document["schema"] == "koopcli.simulation/1"
    assert document["protocol"]["n_init"] == 3 and document["warnings"] == ["careful"]
    with open(tmp_path / "out/simulation.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(document["results"]) == len(made.rows)
    assert rows[0]["episode"] == "" and rows[-1]["episode"] == "1"
    with pytest.raises(ConfigError, match="already exists"):
        simulation.write(made, tmp_path / "out")
    simulation.write(made, tmp_path / "out", overwrite=True)
    with pytest.raises(ConfigError, match="is a file"):
        simulation.write(made, tmp_path / "out/simulation.csv", overwrite=True)
