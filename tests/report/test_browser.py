"""The page in a real browser: `pytest -m browser`."""

import re

import pytest
from browser import TEXTS, chromium, look_as

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(html, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    (folder / "report.html").write_text(html, encoding="utf-8")
    with chromium(folder / "profile") as browser:
        browser.get((folder / "report.html").as_uri())
        yield browser


def test_it_opens_from_disk_without_a_word_of_complaint(browser):
    assert browser.title == "run <b>, model.eqx – koopcli report"
    assert browser.get_log("browser") == []
    loaded = "return performance.getEntriesByType('resource').map((e) => e.name)"
    assert [
        name for name in browser.execute_script(loaded) if "data:" not in name
    ] == []


def test_every_picture_is_there(browser):
    script = """return [...document.images].map((i) => [i.complete, i.naturalWidth,
        i.getBoundingClientRect().width, i.alt])"""
    pictures = browser.execute_script(script)
    assert len(pictures) == 13
    for complete, natural, shown, alt in pictures:
        assert complete and natural > 0 and shown > 0, alt


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_only_tables_scroll_sideways(browser, width):
    look_as(browser, width, "light")
    open_all = (
        "for (const each of document.querySelectorAll('details')) each.open = true"
    )
    browser.execute_script(open_all)
    wide = "return document.documentElement.scrollWidth"
    assert browser.execute_script(wide) <= width


def _luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("scheme", "media"), [("light", "screen"), ("dark", "screen"), ("dark", "print")]
)
def test_every_text_can_be_read(browser, scheme, media):
    look_as(browser, 1280, scheme, media)
    texts = browser.execute_script(TEXTS)
    assert len(texts) >= 3
    for fore, back, example in texts:
        low, high = sorted((_luminance(fore), _luminance(back)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (fore, back, example)
    dark = _luminance(texts[0][1]) < 0.2
    assert dark == (scheme == "dark" and media == "screen")


def test_tables_sort_with_the_keyboard(browser):
    from selenium.webdriver.common.keys import Keys

    look_as(browser, 1280, "light")
    table = browser.find_element("css selector", "#spectrum table.sortable")
    button = table.find_element("css selector", "thead th:nth-child(3) button")
    column = (
        "return [...arguments[0].tBodies[0].rows].map((r) => +r.cells[2].textContent)"
    )
    browser.execute_script("arguments[0].focus()", button)
    button.send_keys(Keys.ENTER)
    values = browser.execute_script(column, table)
    assert len(values) == 3 and values == sorted(values)
    button.send_keys(Keys.SPACE)
    assert browser.execute_script(column, table) == sorted(values, reverse=True)
    heading = button.find_element("xpath", "..")
    assert heading.get_attribute("aria-sort") == "descending"


def test_the_keyboard_reaches_the_report_first(browser):
    from selenium.webdriver.common.keys import Keys

    browser.refresh()
    browser.find_element("tag name", "body").send_keys(Keys.TAB)
    focused = browser.switch_to.active_element
    assert focused.text == "Skip to the report"
    focused.send_keys(Keys.ENTER)
    assert browser.current_url.endswith("#main")
