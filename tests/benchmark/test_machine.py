import pytest

from koopcli.benchmark import machine
from koopcli.benchmark.timing import Timing, once


@pytest.fixture
def one_second(monkeypatch):
    """Whatever is run, a piece of it takes half a second."""

    def measure(work):
        once(work)
        return 0.5, 0.5

    monkeypatch.setattr(machine, "once", measure)


def test_a_pass_reads_and_writes_four_bytes_per_number():
    assert machine.bandwidth(1000, Timing((0.5,), (9.0,))) == 8 * 1000 / 0.5


def test_passes_can_be_repeated():
    work = machine.copying(10)
    assert work.pieces == machine.PASSES
    work.run()
    work.run()


def test_a_product_of_matrices_multiplies_and_adds(one_second):
    assert machine.matmul_rate(8) == 2 * 8**3 / 0.5
