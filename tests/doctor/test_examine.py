from dataclasses import replace

import numpy as np
import pytest
from d4rl_file import write_d4rl
from doctor_data import good_episodes, planted, view

from koopcli.config.data import IngestConfig
from koopcli.doctor.examine import diagnose, examine
from koopcli.errors import DataError


def test_nothing_is_said_about_good_data():
    assert diagnose(view()) == []


def glitch(episode):
    states = episode.observations.copy()
    states[25:] += [8.0, 0.0, 0.0]
    return {"observations": states}


FAULTS = {
    "finite": lambda e: {"rewards": np.where(np.arange(60) == 3, np.nan, e.rewards)},
    "jump": glitch,
    "dones": lambda e: {"terminations": np.arange(60) == 20},
    "units": lambda e: {"observations": e.observations * [1, 1, 57.3]},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_in_its_episode(name):
    found = diagnose(planted(4, **FAULTS[name](good_episodes()[4])))
    # Other units are steps of other size too: those checks may both speak.
    assert name in {finding.check for finding in found} <= {name, "jump"}
    assert all(place.episode == 4 for finding in found for place in finding.places)


def test_infinity_everywhere_is_one_finding():
    infinite = np.full((61, 3), np.inf)
    [found] = diagnose(planted(4, observations=infinite))
    assert found.check == "finite" and found.count == 183


def test_the_worst_comes_first():
    short = replace(good_episodes(1, steps=5)[0], truncations=np.arange(5) == 1)
    found = diagnose(view([*good_episodes(), short], dt_known=False))
    assert [f.severity for f in found] == ["error", "remark", "remark"]


def test_no_steps():
    [found] = diagnose(view([]))
    assert found.severity == "error" and "no steps" in found.what


def test_a_report_on_a_source(tmp_path):
    write_d4rl(tmp_path / "a.hdf5", (5, 3))
    report = examine([str(tmp_path / "a.hdf5")], IngestConfig(), 4)
    assert (report.episodes, report.steps) == (2, 8)
    assert report.counts() == {"error": 0, "warning": 0, "remark": 2}
    document = report.document()
    assert document["schema"] == "koopcli.doctor/1" and document["horizon"] == 4
    assert document["findings"][0]["places"][0]["episode"] == 1


def test_what_cannot_be_read_is_a_finding(tmp_path):
    (tmp_path / "x.csv").write_text(
        "t,obs,act\n" + "0,1,2\n0.1,1,2\n0.2,2,1\n0.33,1,1\n"
    )
    [found] = examine([str(tmp_path / "x.csv")], IngestConfig(), 4).findings
    assert found.severity == "error" and found.check == "dt-jitter"
    (tmp_path / "y.csv").write_text("\n")
    [found] = examine([str(tmp_path / "y.csv")], IngestConfig(), 4).findings
    assert found.severity == "error" and found.check == "readable"


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        examine([str(tmp_path / "none.csv")], IngestConfig(), 4)


@pytest.mark.parametrize(
    "name", ["halfcheetah-expert", "halfcheetah-mix", "hopper-medium"]
)
def test_no_false_alarm_on_good_real_data(shared_data, name):
    report = examine([str(shared_data / f"d4rl/{name}.hdf5")], IngestConfig(), 50)
    counts = report.counts()
    assert counts["error"] == counts["warning"] == 0 and counts["remark"] <= 1


def test_the_traps_of_real_data_are_named(shared_data):
    source = str(shared_data / "formats/cs285_Hopper-v4.npz")
    found = examine([source], IngestConfig(), 50).findings
    expected = {"dones", "action-outside-box", "closed-loop"}
    assert {finding.check for finding in found} == expected
