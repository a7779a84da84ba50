import jax
import jax.numpy as jnp
import pytest

from koopcli.benchmark import unroll
from koopcli.config.benchmark import BenchmarkUnrollConfig
from koopcli.model.unroll import associative, conv, scan

CONFIG = BenchmarkUnrollConfig(horizons=(5,), batch_size=3, latent_dim=2, repeats=2)


def test_every_form_is_held_against_the_bytes_that_must_move(monkeypatch):
    monkeypatch.setattr(
        unroll.machine, "bandwidth", lambda count, timing: 1000.0 * count
    )
    said = []
    results = unroll.measure(CONFIG, said.append)
    assert [(each.unroll, each.passes) for each in results] == [
        (form, passes)
        for form in ("conv", "scan", "associative")
        for passes in ("forward", "gradient")
    ]
    for each in results:
        moves = 2 if each.passes == "forward" else 4
        assert each.bandwidth == 1000 * 2 * 5 * 3 * 2
        assert each.floor_seconds == pytest.approx(moves * 8 * 30 / each.bandwidth)
        assert each.ratio_to_floor == pytest.approx(each.seconds / each.floor_seconds)
        assert each.iterations_per_second == pytest.approx(1 / each.seconds)
        assert (each.horizon, each.batch_size, each.latent_dim) == (5, 3, 2)
        assert each.compile_seconds > 0 and each.peak_bytes > 8 * 30
    assert "scan, gradient, horizon 5: compiled" in said


def test_what_does_not_fit_is_left_out_and_said(monkeypatch):
    monkeypatch.setattr(unroll.device, "memory", lambda: 10)
    results = unroll.measure(CONFIG)
    assert all(each.seconds is None and "GB of memory" in each.note for each in results)
    assert results[0].floor_seconds > 0


@pytest.mark.parametrize("fault", ["RESOURCE_EXHAUSTED", "INTERNAL"])
def test_only_too_little_memory_is_left_out(monkeypatch, fault):
    def planted(compiled):
        raise jax.errors.JaxRuntimeError(f"{fault}: planted")

    monkeypatch.setattr(unroll.memory, "program_bytes", planted)
    inputs = unroll._inputs(5, CONFIG)
    if fault == "INTERNAL":
        with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL: planted"):
            unroll._prepare(unroll.Unroll.SCAN, "forward", inputs)
    else:
        result, work = unroll._prepare(unroll.Unroll.SCAN, "forward", inputs)
        assert work is None and result.note == "does not fit into memory"


@pytest.mark.parametrize("passes", list(unroll.PASSES))
def test_all_forms_do_the_same_work(passes):
    inputs = unroll._inputs(5, CONFIG)
    arguments = (inputs.eigenvalues, inputs.start, inputs.drive, inputs.arriving)
    arguments = arguments[: 3 if passes == "forward" else 4]
    found = [
        unroll.repeated(form, passes)(*arguments) for form in (scan, associative, conv)
    ]
    assert abs(found[0]) > 1e-12
    assert jnp.allclose(jnp.stack(found), found[0], rtol=1e-4, atol=1e-14)


def test_the_kernel_for_gpus_is_measured_where_it_runs(monkeypatch):
    assert [str(form) for form in unroll.forms()] == ["conv", "scan", "associative"]
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert "fused" in unroll.forms()
