import base64
import io
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from koopcli import plots
from koopcli.report.pictures import Album


def line(path, points=3):
    figure = plots.make_figure((3.0, 1.5))
    values = np.random.default_rng(0).normal(size=points)
    figure.add_subplot().plot(values, label="<b>")
    plots.save(figure, path)


def test_a_small_drawing_stays_sharp(tmp_path):
    album = Album(tmp_path)
    album.draw("line", line)
    (picture,) = album.pictures("line", "alt", "caption")
    kind, _, text = picture.source.partition(",")
    assert kind == "data:image/svg+xml"
    assert unquote(text).startswith("<?xml")
    # Nothing that ends an attribute or begins a fragment.
    assert not set(text) & set('"#<>%') - {"%"}
    assert (picture.width, picture.height) == (288, 144)
    assert (picture.alt, picture.caption) == ("alt", "caption")


def test_a_large_drawing_becomes_pixels_with_a_palette(tmp_path):
    album = Album(tmp_path)
    album.draw("cloud", lambda path: line(path, 20_000))
    (picture,) = album.pictures("cloud", "alt", "caption")
    kind, _, text = picture.source.partition(",")
    assert kind == "data:image/png;base64"
    pixels = Image.open(io.BytesIO(base64.b64decode(text)))
    assert (pixels.mode, pixels.size) == ("P", (450, 225))
    assert len(text) < (tmp_path / "cloud.png").stat().st_size * 4 / 3
    # To the eye the same: the palette is off by a few of 255 on average.
    before = np.asarray(Image.open(tmp_path / "cloud.png").convert("RGB"), float)
    assert np.abs(np.asarray(pixels.convert("RGB"), float) - before).mean() < 3


def test_what_was_not_drawn_is_left_out(tmp_path):
    assert Album(tmp_path).pictures("nothing", "alt", "caption") == ()
    assert Album(tmp_path).under("a").folder == tmp_path / "a"


@pytest.mark.parametrize("text", ["100 %", "a#b", "<ü>"])
def test_addresses_can_be_read_back(text):
    from koopcli.report.pictures import _address

    assert unquote(_address(text).partition(",")[2]) == text
