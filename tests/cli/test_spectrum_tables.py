from linear_world import model_meta, world, write_run, write_world

from koopcli.cli import spectrum_tables
from koopcli.config.evaluation import InspectConfig
from koopcli.spectrum.inspect import inspect


def test_every_part_is_shown_once(tmp_path, capsys):
    run = write_run(tmp_path / "run", model_meta(world(), horizon=4))
    config = InspectConfig(resamples=20, grid=5, probes=2, lags=(1, 2))
    found = inspect(run, write_world(tmp_path / "data.h5"), config, others=[run])
    spectrum_tables.show(found, 2)
    shown = capsys.readouterr().out
    for part in (
        "2 of 4 modes", "spectral radius", "effective rank", "residual 2 steps ahead",
        "Growth of small changes", "Gradient flow", "in common", "Verdict: 0 of 4 modes",
        "Bound: bounded-input bounded-output", "Scope: rollouts never re-encode",
    ):  # fmt: skip
        assert shown.count(part) == 1, part


def test_steps_shown_are_round_ones_and_the_last():
    assert spectrum_tables._steps(range(1, 31)) == [1, 2, 5, 10, 20, 30]


def test_the_median_is_in_the_middle():
    assert spectrum_tables._median([3.0, 1.0, 2.0]) == 2.0
    assert spectrum_tables._median([4.0, 1.0]) == 2.5
