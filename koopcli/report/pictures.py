"""Drawings of other packages, as pictures within the page.

They are written to a temporary folder as PNG and SVG. The page gets the SVG, sharp at
every size, unless it is large; within `<img>` no script of an SVG runs, nothing is loaded,
and its names clash with nobody's. Large drawings become PNG with a palette, at a third of
the size and to the eye the same.
"""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from koopcli import plots
from koopcli.report.blocks import Picture

COLOURS = 128
"""Of the palette: lines, their smooth edges, and a colour map."""
SCREEN = 96
"""CSS pixels per inch."""
VECTOR_BYTES = 70_000
"""A drawing that takes more than this as SVG becomes PNG."""


@dataclass(frozen=True)
class Album:
    """Drawings in a folder, by name.

    Attributes:
        folder: Where `NAME.png` and `NAME.svg` are.
    """

    folder: Path

    def under(self, name: str) -> "Album":
        """Return the album in a folder within this one."""
        return Album(self.folder / name)

    def draw(self, name: str, figure: Callable[[Path], None]) -> None:
        """Make a drawing; `figure` writes it to the path that it is given."""
        for suffix in plots.FORMATS:
            figure(self.folder / f"{name}{suffix}")

    def pictures(self, name: str, alt: str, caption: str) -> tuple[Picture, ...]:
        """Return the picture called `name`; none if it was not drawn."""
        vector = self.folder / f"{name}.svg"
        pixels = self.folder / f"{name}.png"
        if not pixels.is_file():
            return ()
        width, height, small = _small(pixels)
        source = _address(vector.read_text(encoding="utf-8"))
        if len(source) > VECTOR_BYTES:
            source = "data:image/png;base64," + base64.b64encode(small).decode()
        return (Picture(source, alt, caption, width, height),)


def _address(svg: str) -> str:
    # Percent signs where needed instead of base64: smaller for text. The line breaks
    # within the paths are half of the rest.
    text = " ".join(svg.split())
    return "data:image/svg+xml," + quote(text, safe=" =:/;,()!*'@$&+?[]{}|^`~.-_")


def _small(png: Path) -> tuple[int, int, bytes]:
    from PIL import Image

    file = io.BytesIO()
    with Image.open(png) as picture:
        width, height = picture.size
        flat = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        flat.save(file, "PNG", optimize=True)
    scale = SCREEN / plots.DPI
    return round(width * scale), round(height * scale), file.getvalue()
