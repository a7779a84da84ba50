import optuna
import pytest
from optuna.trial import TrialState

from koopcli.config.choices import Pruner, Sampler
from koopcli.config.training import TrainConfig
from koopcli.sweep import ledger, sampling, space

SPACE = space.read(
    [
        "optimizer.learning_rate=1e-4..1e-2:log",
        "model.latent_dim=16..64:16",
        "model.kind=koopman,gru",
        "loss.noise=0.1..0.3",
    ]
)


def study(kind, seed=0, grid=None):
    return optuna.create_study(sampler=sampling.Repeatable(kind, seed, grid))


def draw(study, value=None):
    trial = study.ask()
    chosen = {each.name: sampling.suggest(trial, each) for each in SPACE}
    study.tell(trial, chosen["optimizer.learning_rate"] if value is None else value)
    return chosen


@pytest.mark.parametrize("kind", [Sampler.TPE, Sampler.RANDOM])
def test_a_sweep_is_repeated_by_its_seed(kind):
    first, second, other = study(kind), study(kind), study(kind, seed=1)
    count = 14  # TPE draws 10 by chance first
    drawn = [draw(first) for _ in range(count)]
    assert drawn == [draw(second) for _ in range(count)]
    assert drawn != [draw(other) for _ in range(count)]
    assert len({str(each) for each in drawn}) == count


@pytest.mark.parametrize("kind", [Sampler.TPE, Sampler.RANDOM])
def test_a_sweep_that_goes_on_chooses_as_one_that_was_not_stopped(kind):
    whole = study(kind)
    drawn = [draw(whole) for _ in range(13)]
    part = study(kind)
    for _ in range(5):
        draw(part)
    lost = part.ask()  # asked for, and killed before it chose
    part.tell(lost, state=TrialState.FAIL)
    part.sampler = sampling.Repeatable(kind, 0)  # another process
    assert [draw(part) for _ in range(8)] == drawn[5:]


def test_values_lie_where_they_may():
    drawn = [draw(each) for each in [study(Sampler.RANDOM)] for _ in range(30)]
    assert {each["model.latent_dim"] for each in drawn} == {16, 32, 48, 64}
    assert {each["model.kind"] for each in drawn} == {"koopman", "gru"}
    rates = [each["optimizer.learning_rate"] for each in drawn]
    assert 1e-4 <= min(rates) < 3e-4 and 3e-3 < max(rates) <= 1e-2


def test_tpe_learns():
    found = study(Sampler.TPE)
    late = [draw(found)["optimizer.learning_rate"] for _ in range(40)][20:]
    assert sum(rate < 1e-3 for rate in late) > 15


def test_a_grid_is_gone_through_in_turn():
    tried = space.read(["model.latent_dim=8,16", "loss.noise=0.1..0.2:0.1"])
    found = study(Sampler.GRID, grid=space.product(tried))
    seen = []
    for _ in range(4):
        trial = found.ask()
        seen.append({each.name: sampling.suggest(trial, each) for each in tried})
        found.tell(trial, 1.0)
    assert seen == space.product(tried)
    surplus = found.ask()
    assert ledger.rank(found, surplus.number) == 4


def test_each_pruner_is_made_for_the_steps_of_a_run():
    train = TrainConfig(steps=400, eval_every=50)
    median = sampling.pruner(Pruner.MEDIAN, train)
    assert isinstance(median, optuna.pruners.MedianPruner)
    found = optuna.create_study(pruner=median)
    for _ in range(5):
        trial = found.ask()
        trial.report(0.1, 50), trial.report(0.1, 100)
        found.tell(trial, 0.1)
    worse = found.ask()
    worse.report(0.2, 50)
    assert not worse.should_prune(), "in the first quarter nobody is judged"
    worse.report(0.2, 100)
    assert worse.should_prune()
    assert isinstance(
        sampling.pruner(Pruner.HALVING, train), optuna.pruners.SuccessiveHalvingPruner
    )
    assert isinstance(sampling.pruner(Pruner.NONE, train), optuna.pruners.NopPruner)
