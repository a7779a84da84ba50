from dataclasses import replace

from doctor_data import good_episodes, view

from koopcli.doctor import copies


def test_good_data():
    assert copies.check(view()) == []


def with_copy(splits=(None,) * 7):
    episodes = good_episodes()
    episodes.append(replace(episodes[2], source="file: episode 6", rewards=None))
    named = zip(episodes, splits, strict=True)
    return view([replace(episode, split=split) for episode, split in named])


def test_a_copy():
    [found] = copies.check(with_copy())
    assert (found.check, found.severity) == ("duplicated-episode", "warning")
    assert found.places[0].episode == 6 and "episode 6 is episode 2" in found.what


def test_a_copy_in_another_split():
    [found] = copies.check(with_copy(("train",) * 6 + ("test",)))
    assert (found.check, found.severity) == ("split-leakage", "error")
    assert "episode 6 (test) is episode 2 (train)" in found.what
    assert found.places[0].source == "file: episode 6"


def test_a_copy_in_the_same_split():
    [found] = copies.check(with_copy(("train",) * 7))
    assert found.check == "duplicated-episode"
