"""What is collected from tiny runs, and the page made of it; once per process."""

import pytest
import report_parts

from koopcli.report.page import page


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    return report_parts.full(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    return report_parts.bare(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="session")
def html(material):
    return page(material)


@pytest.fixture
def album(tmp_path):
    """An album in which every picture is already drawn, as one white pixel."""
    from PIL import Image

    from koopcli.report.pictures import Album

    class Drawn(Album):
        def under(self, name):
            return Drawn(self.folder / name)

        def pictures(self, name, alt, caption):
            self.folder.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (150, 75), "white").save(self.folder / f"{name}.png")
            (self.folder / f"{name}.svg").write_text("<svg/>")
            return super().pictures(name, alt, caption)

    return Drawn(tmp_path)
