import pytest

from koopcli.config.evaluation import EvalConfig, LongRunConfig
from koopcli.evaluate.evaluate import evaluate
from koopcli.evaluate.sections import sections


@pytest.fixture
def found(data_file, run_folder):
    config = EvalConfig(
        horizons=(1, 3), stride=5, bootstrap=10, reencode_sweep=(0, 2),
        lyapunov_exponent=1.0, long_run=LongRunConfig(min_steps=10),
    )  # fmt: skip
    return {
        s.title.split(" (")[0]: s
        for s in sections(evaluate([run_folder], data_file, config))
    }


def test_every_table_has_as_many_cells_as_columns(found):
    for section in found.values():
        assert all(len(row) == len(section.columns) for row in section.rows)


def test_what_was_measured_is_shown(found, run_folder):
    assert "95 % interval" in found["Error by steps ahead"].title
    first = found["Error by steps ahead"].rows[0]
    assert first[1:3] == ["observations", "1"] and "[" in first[3]
    summary = found["Steps 1 to 3"]
    assert "NRMSE <= 0.5" in summary.columns[3]
    assert summary.rows[0][3].endswith(" Lyapunov times)")
    times = found["Error by Lyapunov times"].rows[0]
    assert times[1:3] == ["0.25", "2"] and "[" in times[3]
    long = found["Long-run statistics of free rollouts"]
    assert "D_stsp: histogram" in long.title and len(long.rows) == 3
    assert long.rows[0][3:] == ["2", "45"] and "[" in long.rows[0][1]
    # One run: compared with baselines alone, where the mean says enough.
    assert {row[2] for row in found["Which is better"].rows} == {"mean_nmse@3"}
    sweep = found["Re-encoding every k steps"].rows
    assert [row[1] for row in sweep] == ["never", "2"]
    assert sum(row[4] == "best" for row in sweep) == 1
    worst = found["Worst episodes"].rows
    assert {row[1] for row in worst} == {"1", "2"}
    assert f"koopman ({run_folder})" == worst[0][0]
    assert len(found["Latents"].rows) == 2
    assert "Error by source" in found


def test_episodes_too_short_for_long_run_statistics_are_said_to_be(
    data_file, run_folder
):
    config = EvalConfig(horizons=(1,), bootstrap=0, long_run=LongRunConfig())
    report = evaluate([run_folder], data_file, config)
    [table] = [s for s in sections(report) if s.title.startswith("Long-run")]
    assert {tuple(row[1:]) for row in table.rows} == {
        ("n/a (too short)", "n/a (too short)", "0", "0")
    }
    assert any("they need episodes of 500 steps" in text for text in report.warnings)
