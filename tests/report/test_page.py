import base64
import hashlib
import itertools
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_parts import EVIL, OTHER

from koopcli.report import page as pages

ROOT = Path(__file__).parents[2]
VOID = {"meta", "link", "img", "br"}
INLINE = {"script", "style"}


class Page(HTMLParser):
    """Elements with their attributes; complains of ends that match no beginning."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def read(html):
    return Page(html)


def test_names_of_users_are_text_and_never_markup(html, read):
    assert EVIL not in html and OTHER not in html and "<b>" not in html
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in html
    assert len(read.all("script")) == 1
    assert not any(name.startswith("on") for _, a in read.found for name in a)


def test_nothing_is_loaded_from_anywhere(read):
    for tag, attributes in read.found:
        for name in ("src", "href"):
            target = attributes.get(name, "#")
            assert target.startswith(("data:", "#")), (tag, target)


def test_the_browser_may_run_this_script_alone(html, read):
    script = html.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [
        meta["content"] for meta in read.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]  # fmt: skip
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_every_section_can_be_reached(read):
    targets = [link["href"][1:] for link in read.all("a")]
    ids = [attributes["id"] for _, attributes in read.found if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert set(targets) <= set(ids)
    assert len(read.all("section")) == 11


def test_headings_go_down_one_level_at_a_time(read):
    levels = [int(tag[1]) for tag, _ in read.found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_pictures_have_texts_with_a_number(read):
    pictures = read.all("img")
    assert len(pictures) == 13
    for picture in pictures:
        assert re.search(r"\d", picture["alt"]), picture["alt"]
        assert int(picture["width"]) > 100


def test_tables_have_captions_and_scopes(read):
    tables = len(read.all("table"))
    assert tables > 10
    assert len(read.all("caption")) == tables
    assert {cell["scope"] for cell in read.all("th")} == {"col", "row"}


def test_without_data_every_section_is_still_there(bare):
    read = Page(pages.page(bare))
    assert len(read.all("section")) == 11
    assert len(read.all("img")) > 3


def test_a_wheel_holds_the_templates():
    # Hatchling packs everything below a package that git does not ignore.
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert found["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [
        "koopcli"
    ]
    names = {file.name for file in pages.TEMPLATES.iterdir()}
    assert {"page.html", "style.css", "script.js"} <= names


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """The ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_colours_can_be_read_on_screen_in_the_dark_and_on_paper():
    style = (pages.TEMPLATES / "style.css").read_text()
    palettes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(palettes) == 3
    pairs = [
        (fore, back) for fore in ("text", "soft", "link") for back in ("page", "card")
    ]
    pairs += [(fore, "warn-back") for fore in ("text", "warn")]
    pairs += [(fore, "bad-back") for fore in ("text", "bad")]
    for palette in palettes:
        colours = dict(re.findall(r"--([\w-]+): (#\w{6})", palette))
        for fore, back in pairs:
            assert contrast(colours[fore], colours[back]) >= 4.5, (fore, back)
