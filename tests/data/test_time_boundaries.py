import numpy as np
import pytest

from koopcli.config.choices import TimeUnit
from koopcli.config.data import IngestConfig
from koopcli.data import time_boundaries
from koopcli.data.mapping import resolve
from koopcli.data.remarks import Remarks
from koopcli.data.table import Table


def added(times, **settings):
    config = IngestConfig(**settings)
    table = Table("x", {"time": np.asarray(times), "y": np.zeros(len(times))})
    ends = np.arange(len(times)) == len(times) - 1
    remarks, mapping = Remarks(), resolve(table, config)
    dt = time_boundaries.step(table, mapping, config, ends)
    found = time_boundaries.add(table, mapping, config, ends, dt, remarks)
    return np.flatnonzero(found).tolist(), dt, remarks.lines()


@pytest.mark.parametrize(("missing", "cuts"), [(0, []), (1, [4]), (30, [4])])
def test_every_missing_sample_is_a_gap(missing, cuts):
    times = np.arange(10.0) + missing * (np.arange(10) > 4)
    ends, dt, remarks = added(times)
    assert ends == [*cuts, 9] and dt == 1 and len(remarks) == len(cuts)


def test_resampling_fills_in_single_missing_samples():
    times = np.arange(10.0) + 1.0 * (np.arange(10) > 4)
    assert added(times, resample=0.5) == ([9], 1, [])


def test_rounding_is_no_jitter_and_units_are_converted():
    times = (0.01 * np.arange(500)).astype(np.float32)
    assert added(times[:50]) == ([49], 0.01, [])
    ends, dt, _ = added(np.arange(5) * 20, time_unit=TimeUnit.MILLISECONDS)
    assert dt == 0.02 and ends == [4]
