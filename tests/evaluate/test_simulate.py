import numpy as np
import pytest
from linear_world import model_meta, world, write_partial, write_run, write_world

from koopcli.config.choices import Split
from koopcli.config.evaluation import SimulateConfig
from koopcli.data import store
from koopcli.errors import ConfigError, DataError
from koopcli.evaluate.simulate import initial_samples, simulate, whole_episodes


def partial(tmp_path, count=3, lag=2):
    samples = write_partial(tmp_path / "partial.h5", count, lag)
    dataset = store.load(tmp_path / "partial.h5")
    meta = model_meta(dataset, delays=dataset.delays)
    return dataset, write_run(tmp_path / "partial", meta), samples


def of(report, model, quantity, episode):
    wanted = (model, quantity, episode)
    rows = [r for r in report.rows if (r.model, r.quantity, r.episode) == wanted]
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(("asked", "given"), [(None, 5), (5, 5), (8, 8)])
def test_the_given_samples_are_not_scored_and_the_last_is_the_start(
    tmp_path, asked, given
):
    dataset, run, samples = partial(tmp_path)
    report = simulate([run], dataset.path, SimulateConfig(n_init=asked))
    assert report.protocol.n_init == given
    squares = []
    for episode in (1, 2):
        rest, last = samples[episode][given:], samples[episode][given - 1]
        row = of(report, "persistence", "x", episode)
        assert row.samples == len(rest)
        assert row.rmse == pytest.approx(np.sqrt(np.mean((rest - last) ** 2)))
        assert row.mae == pytest.approx(np.mean(np.abs(rest - last)))
        variance = np.mean((rest - rest.mean()) ** 2)
        assert row.r2 == pytest.approx(1 - row.rmse**2 / variance)
        scale = dataset.statistics.observations.scale[0]
        assert row.nrmse == pytest.approx(row.rmse / scale)
        squares += [*(rest - last) ** 2]
    together = of(report, "persistence", "x", None)
    assert together.samples == len(squares)
    assert together.rmse == pytest.approx(np.sqrt(np.mean(squares)))


def test_the_past_makes_a_hidden_state_visible(tmp_path):
    alone, run, _ = partial(tmp_path, count=1, lag=1)
    assert alone.delays is None
    assert of(simulate([run], alone.path), "linear", "x", None).nrmse > 0.1
    joined, run, _ = partial(tmp_path, count=2, lag=1)
    exact = simulate([run], joined.path)
    assert of(exact, "linear", "x", None).nrmse < 1e-3
    assert {row.quantity for row in exact.rows} == {"observations", "x"}


def test_without_samples_of_the_past_one_sample_is_given(tmp_path):
    data, run = write_world(tmp_path / "d.h5"), write_run(tmp_path / "run")
    seen = []
    report = simulate([run], data, progress=lambda *at: seen.append(at))
    assert report.protocol.n_init == 1 and seen == [(2, 2)]
    assert of(report, "koopman", "x", 1).samples == 20
    assert of(report, "linear", "y", 2).rmse < 1e-4
    assert {row.run for row in report.rows} == {str(run), None}


def test_fewer_samples_than_a_start_needs_are_refused(tmp_path):
    dataset, _, _ = partial(tmp_path)
    assert initial_samples(dataset, None) == 5
    with pytest.raises(ConfigError, match=r"--n-init 4: .* already holds 5 samples"):
        initial_samples(dataset, 4)


def test_short_episodes_are_left_out_and_said(tmp_path):
    dataset, _, samples = partial(tmp_path)
    assert [len(s) for s in samples] == [31, 21, 26]
    starts, warnings = whole_episodes(dataset, "test", 22)
    assert starts.episodes.tolist() == [2] and starts.remaining.tolist() == [4]
    assert warnings == (
        "1 of 2 episodes have no more than 22 samples and are left out",
    )
    with pytest.raises(DataError, match="test split has more than 26 samples"):
        whole_episodes(dataset, "test", 26)


def test_an_empty_split_is_refused():
    with pytest.raises(DataError, match="val split"):
        whole_episodes(world(), Split.VAL, 1)


def test_a_simulation_that_breaks_is_reported(tmp_path):
    import equinox as eqx
    import jax
    from linear_world import untrained

    meta = model_meta(world())
    model = eqx.tree_at(
        lambda m: m.decoder,
        untrained(meta),
        replace_fn=lambda net: jax.tree.map(lambda leaf: leaf * 1e30, net),
    )
    run = write_run(tmp_path / "wild", meta, model)
    report = simulate([run], write_world(tmp_path / "d.h5"))
    assert "2 of 2 simulations became NaN or infinite" in report.warnings[0]
