import ast
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from koopcli.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md"))]


@pytest.fixture(scope="module")
def generated():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


@pytest.mark.parametrize("name", ["cli.md", "config.md"])
def test_generated_pages_are_what_the_code_says(generated, name):
    stored = (ROOT / "docs" / "reference" / name).read_text()
    assert stored == generated[name], "run: python docs/generate.py"


def test_every_command_is_in_the_reference():
    page = (ROOT / "docs/reference/cli.md").read_text()
    for command in app.registered_commands:
        assert f"## `koopcli {command.name}`" in page


def test_every_setting_says_what_it_means():
    modules = [ast.parse(p.read_text()) for p in (ROOT / "koopcli/config").glob("*.py")]
    page = (ROOT / "docs/reference/config.md").read_text()
    classes = [
        n
        for tree in modules
        for n in tree.body
        if isinstance(n, ast.ClassDef) and "Config" in n.name
    ]
    fields = [f for c in classes for f in c.body if isinstance(f, ast.AnnAssign)]
    assert len(fields) > 40
    for field in fields:
        assert f"| `{ast.unparse(field.target)}` |" in page, field.target.id


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.slow
def test_the_tutorial_runs_from_top_to_bottom(tmp_path):
    text = (ROOT / "docs/tutorial.md").read_text()
    blocks = re.findall(r"```(console|python)\n(.*?)```", text, re.DOTALL)
    assert {kind for kind, _ in blocks} == {"console", "python"}
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    for kind, block in blocks:
        if kind == "python":
            commands = [[sys.executable, "-c", block]]
        else:
            lines = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
            split = [shlex.split(line) for line in lines]
            assert all(words[0] == "koopcli" for words in split)
            commands = [[sys.executable, "-m", *words] for words in split]
        for command in commands:
            done = subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, (command, done.stderr)
    assert (tmp_path / "disc.png").is_file() and (tmp_path / "pred.h5").is_file()
