import pytest
from report_parts import CONFIG, write_data, write_full_run

from koopcli.errors import ConfigError, DataError, ModelError
from koopcli.report.collect import Listener, collect


@pytest.fixture
def run(tmp_path):
    return write_full_run(tmp_path / "run")


def test_everything_is_collected(material):
    assert material.held.evaluation.protocol.horizons == (1, 5)
    assert material.held.diagnosis.horizon == 4
    assert material.held.dataset.path == material.held.path
    assert len(material.held.sha256) == 64
    assert material.environment["schema"] == "koopcli.environment/1"
    assert material.command == "koopcli report 'a <b>'"
    assert material.made.endswith("Z")


def test_somebody_is_told_what_is_done(run):
    said = []
    collect([run], None, CONFIG, listener=Listener(tell=said.append))
    assert said == [f"inspecting the spectrum of {run} ..."]


def test_the_first_run_is_compared_with_the_others(tmp_path):
    runs = [write_full_run(tmp_path / name) for name in "abc"]
    found = collect(runs, None, CONFIG)
    matches = [[m.b for m in found.spectra[str(run)].matches] for run in runs]
    assert matches == [[str(runs[1]), str(runs[2])], [], []]


@pytest.mark.parametrize("count", [0, 2])
def test_no_run_and_one_twice_are_refused(run, count):
    with pytest.raises(ConfigError, match="at least one RUN, and none twice"):
        collect([run] * count, None, CONFIG)


def test_missing_data_and_runs_are_errors_of_their_kind(run, tmp_path):
    with pytest.raises(DataError, match="no such file"):
        collect([run], tmp_path / "no.h5", CONFIG)
    with pytest.raises(ModelError, match="no such run folder"):
        collect([tmp_path / "no"], write_data(tmp_path), CONFIG)
