import pytest

from koopcli.config.evaluation import EvalConfig
from koopcli.evaluate.evaluate import evaluate
from koopcli.evaluate.sections import sections


@pytest.fixture
def found(data_file, run_folder):
    config = EvalConfig(horizons=(1, 3), stride=5, bootstrap=10, reencode_sweep=(0, 2))
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
    assert summary.rows[0][3].endswith(" s)")
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
