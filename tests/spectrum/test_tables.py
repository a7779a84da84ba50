import numpy as np
import pytest
from linear_world import model_meta, world, write_run, write_world

from koopcli.config.evaluation import InspectConfig
from koopcli.spectrum import tables
from koopcli.spectrum.inspect import inspect


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spectrum")
    run = write_run(folder / "run", model_meta(world(), horizon=4))
    config = InspectConfig(resamples=20, grid=5, probes=2, lags=(1, 2))
    return inspect(run, write_world(folder / "data.h5"), config, others=[run])


def test_every_part_is_shown_once(found):
    titles = [table.title for table in tables.tables(found, 2)]
    assert titles[:4] == [
        "2 of 4 modes", "Summary", "Latents on held-out data",
        "Growth of small changes, standard deviations",
    ]  # fmt: skip
    assert titles[4].startswith("Gradient flow")
    assert titles[5] == f"Spectrum of {found.run} against"
    assert len(titles) == 6


def test_rows_are_as_wide_as_their_columns(found):
    for table in tables.tables(found):
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.title


def test_the_sentences_say_verdict_bound_and_scope(found):
    verdict, bound, scope = tables.statements(found)
    assert verdict.startswith("Verdict: 0 of 4 modes")
    assert bound.startswith("Bound: bounded-input bounded-output")
    assert scope.startswith("Scope: rollouts never re-encode")


def test_only_marks_that_occur_are_explained(found):
    marks = {mark for row in tables.modes(found).rows for mark in row[7].split()[1:]}
    assert {line[0] for line in tables.legend(found)} == marks


def test_steps_shown_are_round_ones_and_the_last():
    assert tables._steps(range(1, 31)) == [1, 2, 5, 10, 20, 30]


def test_numbers_that_are_none_are_a_dash():
    assert tables._text(float("nan")) == "-"
    assert tables._text(True) == "yes"
    assert tables._text(np.float64(0.25)) == "0.25"
