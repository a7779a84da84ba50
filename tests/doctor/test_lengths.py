from dataclasses import replace

from doctor_data import good_episodes, view

from koopcli.doctor import lengths


def test_good_data():
    assert lengths.short(view()) == []
    assert lengths.short(view(horizon=60)) == []
    assert lengths.open_end(view()) == []


def test_all_episodes_are_too_short():
    [found] = lengths.short(view(horizon=61))
    assert found.severity == "error" and found.count == 6
    assert "longest episode has 60" in found.advice


def test_some_are_too_short():
    mixed = [*good_episodes(5), *good_episodes(1, steps=10)]
    [found] = lengths.short(view(mixed))
    assert found.severity == "remark" and found.places[0].episode == 5
    assert "10 of 310 steps" in found.what


def test_most_are_too_short():
    mixed = [*good_episodes(1), *good_episodes(9, steps=10)]
    assert lengths.short(view(mixed))[0].severity == "warning"


def test_a_step_of_unknown_result_does_not_count():
    [episode] = good_episodes(1)
    open_end = replace(episode, observations=episode.observations[:-1])
    assert lengths.short(view([open_end], horizon=59)) == []
    assert lengths.short(view([open_end], horizon=60)) != []


def test_many_last_observations_are_unknown():
    cut = [replace(e, observations=e.observations[:-1]) for e in good_episodes()]
    [found] = lengths.open_end(view([*good_episodes(2), *cut]))
    assert found.severity == "remark" and found.places[0].episode == 2
    assert "6 of 8 episodes" in found.what
    assert lengths.open_end(view([*good_episodes(), cut[0]])) == []
