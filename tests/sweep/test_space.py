import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.errors import ConfigError
from koopcli.sweep import space
from koopcli.sweep.space import Parameter


def one(text):
    [parameter] = space.read([text])
    return parameter


def test_a_logarithmic_range_of_numbers():
    rate = one("optimizer.learning_rate=1e-4..1e-2:log")
    assert (rate.low, rate.high, rate.log, rate.step) == (1e-4, 1e-2, True, None)
    assert not rate.whole and rate.ends == (1e-4, 1e-2)


def test_a_range_of_whole_numbers_with_a_step():
    horizon = one("horizon=50..200:50")
    assert horizon.name == "train.horizon" and horizon.whole
    assert horizon.grid() == (50, 100, 150, 200)
    assert one("train.horizon=1..3").grid() == (1, 2, 3)


def test_choices_have_the_type_of_the_setting():
    assert one("model.latent_dim=32,64, 96").choices == (32, 64, 96)
    assert one("model.skip=true,false").choices == (True, False)
    assert one("model.kind=koopman,gru").choices == ("koopman", "gru")
    assert all(type(kind) is str for kind in one("model.kind=koopman,gru").choices)
    assert one("model.ridge=none,0.1").choices == (None, 0.1)


def test_a_range_of_numbers_with_a_step_ends_where_it_says():
    assert one("loss.noise=0.1..0.3:0.1").grid() == (0.1, 0.2, 0.3)
    assert one("model.ridge=0.5..1.5:0.5").grid() == (0.5, 1.0, 1.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learning_rate", "expected NAME=LOW"),
        ("learning_rat=1,2", "did you mean 'learning_rate'"),
        ("model.latent_dim=a,b", "must be a whole number, got 'a'"),
        ("model.latent_dim=1.5..3", "must be a whole number, got '1.5'"),
        ("model.latent_dim=32", "one value is nothing to try; use --set"),
        ("model.latent_dim=32,32", "names a value twice"),
        ("model.latent_dim=32,,64", "must be a whole number"),
        ("model.kind=koopman,lstm", "must be one of koopman"),
        ("model.kind=koopman..gru", "is no number; give choices"),
        ("model.skip=0..1", "is no number; give choices"),
        ("model.latent_dim=64..32", "the range is empty"),
        ("model.latent_dim=32..32", "the range is empty"),
        ("model.ridge=none..1", "from a number to a number"),
        ("loss.noise=0..1:log", "begins above 0"),
        ("train.horizon=50..200:40", "no whole number of steps of 40"),
        ("train.horizon=50..60:40", "no whole number of steps of 40"),
        ("train.horizon=50..200:0", "a whole number above 0"),
        ("train.horizon=50..200:2.5", "a whole number above 0"),
        ("train.horizon=50..200:", "a whole number above 0"),
        ("loss.noise=0.1..0.2:lin", "log or a step, a number above 0"),
        ("loss.noise=0.1..0.2:inf", "log or a step, a number above 0"),
    ],
)
def test_a_specification_that_does_not_fit_is_refused_by_name(text, words):
    with pytest.raises(ConfigError, match=words):
        space.read([text])


def test_a_setting_is_given_once():
    with pytest.raises(ConfigError, match=r"train\.horizon is given twice"):
        space.read(["train.horizon=1,2", "horizon=1..5"])


@given(
    st.one_of(
        st.builds(
            lambda low, more, step: f"train.horizon={low}..{low + more * step}:{step}",
            st.integers(1, 500), st.integers(1, 9), st.integers(1, 50),
        ),
        st.builds(
            lambda low, factor: f"loss.noise={low!r}..{low * factor!r}:log",
            st.floats(1e-6, 1.0), st.floats(1.5, 1e3),
        ),
        st.lists(st.integers(1, 99), min_size=2, max_size=5, unique=True).map(
            lambda values: "model.latent_dim=" + ",".join(map(str, values))
        ),
    )
)  # fmt: skip
def test_what_is_written_is_what_was_read(text):
    assert one(str(one(text))) == one(text)


def test_a_grid_is_every_combination():
    tried = space.read(["model.latent_dim=32,64", "train.horizon=1..2"])
    assert space.product(tried) == [
        {"model.latent_dim": 32, "train.horizon": 1},
        {"model.latent_dim": 32, "train.horizon": 2},
        {"model.latent_dim": 64, "train.horizon": 1},
        {"model.latent_dim": 64, "train.horizon": 2},
    ]


@pytest.mark.parametrize("values", ["1e-4..1e-2", "1e-4..1e-2:log"])
def test_a_grid_has_an_end(values):
    with pytest.raises(ConfigError, match="a grid needs choices"):
        space.product(space.read([f"learning_rate={values}"]))


def test_values_out_of_range_are_refused_before_any_work():
    tried = space.read(["train.horizon=0..10"])
    with pytest.raises(ConfigError, match=r"train\.horizon must be >= 1"):
        space.check(tried, {})


def test_values_are_held_against_the_fixed_settings():
    tried = space.read(["model.width=24,33"])
    space.check(tried, {})
    with pytest.raises(ConfigError, match=r"width=24,33: model\.width must be a mult"):
        space.check(tried, {"model.kind": "transformer", "model.heads": 4})


def test_values_that_only_fit_each_other_pass():
    tried = space.read(["model.ring_min=0.9995,0.9996", "model.ring_max=0.9997,0.9998"])
    space.check(tried, {})


def test_settings_of_a_trial_win_and_have_their_types():
    made = space.settings({"model.kind": "gru", "loss.noise": 1}, {"loss.noise": 2.0})
    assert made == {"model.kind": "gru", "loss.noise": 1.0}
    assert type(made["model.kind"]).__name__ == "ModelKind"


def test_ends_are_all_choices_or_both_ends():
    assert Parameter("train.horizon", choices=(1, 2, 3)).ends == (1, 2, 3)
    assert Parameter("train.horizon", low=1, high=9).ends == (1, 9)
