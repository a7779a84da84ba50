import pytest

from koopcli.errors import ConfigError
from koopcli.evaluate import data_map_figure


def window(episode, mean, variability, *kinds):
    flags = {name: name in kinds for name in ("hard", "ambiguous", "suspicious")}
    return {"episode": episode, "mean": mean, "variability": variability, **flags}


WINDOWS = [
    window(4, 0.9, 0.01, "hard", "suspicious"),
    window(4, 0.8, 0.02, "hard"),
    window(5, 0.5, 0.3, "ambiguous"),
    window(6, 0.4, 0.1),
    *(window(n, 0.9, 0.01, "suspicious") for n in range(10, 17)),
]


def test_a_window_is_drawn_as_the_worst_that_it_is():
    kinds = [data_map_figure.kind_of(row) for row in WINDOWS[:4]]
    assert kinds == ["suspicious", "hard", "ambiguous", ""]


@pytest.mark.parametrize("windows", [WINDOWS, WINDOWS[3:4]])
def test_pictures_say_what_is_in_them(tmp_path, windows):
    path = tmp_path / "map.svg"
    data_map_figure.draw(path, windows)
    text = path.read_text()
    assert "<!-- easy or in between: 1 -->" in text
    assert ("<!-- suspicious: 8 -->" in text) == (len(windows) > 1)
    assert ("episode 4: 1 of 2" in text) == (len(windows) > 1)
    assert ("and 2 episodes more" in text) == (len(windows) > 1)


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="pictures end in"):
        data_map_figure.draw(tmp_path / "map.pdf", WINDOWS)
