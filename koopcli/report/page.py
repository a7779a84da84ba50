"""VERB: Material -> one HTML page that needs nothing else."""

import base64
import hashlib
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

from koopcli import __version__
from koopcli.evaluate import figures as evaluation_figures
from koopcli.report import (
    accuracy,
    dataset,
    glance,
    gradients,
    learning,
    repeating,
    rollouts,
    spectrum,
    training,
)
from koopcli.report.blocks import Section
from koopcli.report.material import Material
from koopcli.report.pictures import Album
from koopcli.spectrum import figures as spectrum_figures

TEMPLATES = files("koopcli.report") / "templates"


def page(material: Material) -> str:
    """Draw all pictures, and return the page as HTML."""
    with tempfile.TemporaryDirectory(prefix="koopcli-report-") as folder:
        album = Album(Path(folder))
        _draw(material, album)
        return render(material, sections(material, album))


def sections(material: Material, album: Album) -> tuple[Section, ...]:
    """Return all sections, in order; `album` holds the pictures."""
    return (
        glance.section(material),
        training.section(material),
        dataset.section(material),
        learning.section(material, album),
        accuracy.section(material, album),
        rollouts.section(material, album),
        spectrum.section(material, album),
        gradients.section(material, album),
        repeating.protocol(material),
        repeating.environment(material),
        repeating.commands(material),
    )


def render(material: Material, chapters: tuple[Section, ...]) -> str:
    """Fill the template; every string is escaped there."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    # koopcli's own files, of which nothing comes from a user.
    style, script = Markup(_template("style.css")), Markup(_template("script.js"))
    surroundings = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    names = [run.name for run in material.runs]
    values: dict[str, Any] = {
        "title": f"{', '.join(names)} – koopcli report",
        "names": names,
        "data": None if material.held is None else str(material.held.path),
        "made": material.made,
        "version": __version__,
        "sections": chapters,
        "style": style,
        "script": script,
        "script_hash": _digest(script),
    }
    return surroundings.from_string(_template("page.html")).render(values)


def _draw(material: Material, album: Album) -> None:
    if material.held is not None:
        evaluation_figures.draw(material.held.evaluation, album.folder)
    for place, run in enumerate(material.runs):
        found = material.spectrum_of(run)
        if found is not None:
            spectrum_figures.write(found, album.under(f"spectrum-{place}").folder)


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    # The browser runs this script and no other.
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
