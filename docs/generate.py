"""Writes the two reference pages that come from the code.

python docs/generate.py            write them
tests/test_docs.py compares `pages()` with what is stored.
"""

import ast
import subprocess
import sys
import tempfile
from pathlib import Path

REFERENCE = Path(__file__).parent / "reference"
ROOT = Path(__file__).parent.parent


def pages() -> dict[str, str]:
    """Return each generated page by its file name."""
    return {"cli.md": cli_page(), "config.md": config_page()}


def cli_page() -> str:
    """Render `--help` of every command."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "cli.md"
        arguments = [
            "koopcli.cli.app",
            "utils",
            "docs",
            "--name",
            "koopcli",
            "--output",
        ]
        subprocess.run(
            [sys.executable, "-m", "typer", *arguments, page],
            check=True,
            capture_output=True,
        )
        return page.read_text()


def config_page() -> str:
    """Render every setting with its type, default and meaning."""
    modules = sorted((ROOT / "koopcli" / "config").glob("*.py"))
    nodes = [node for path in modules for node in ast.parse(path.read_text()).body]
    lines = [
        "# Settings",
        "",
        "Made from `koopcli/config/` by `docs/generate.py`. A setting of `koopcli train` "
        "is given as a flag, `--set section.name=value`, `KOOPCLI_NAME` in the "
        "environment, or in a TOML file with one table per section; an earlier one in "
        "this list wins.",
    ]
    for node in nodes:
        if isinstance(node, ast.ClassDef) and node.name.endswith("Config"):
            lines += [
                "",
                f"## {_title(node.name)}",
                "",
                ast.get_docstring(node) or "",
                "",
            ]
            lines += ["| setting | type | default | meaning |", "|---|---|---|---|"]
            lines += _rows(node)
    return "\n".join(lines) + "\n"


def _title(name: str) -> str:
    section = name.removesuffix("Config").lower()
    table = section in ("model", "loss", "optimizer", "train")
    return f"{name} (`[{section}]`)" if table else name


def _rows(node: ast.ClassDef) -> list[str]:
    rows = []
    for field, text in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            kind = ast.unparse(field.annotation).replace("|", "\\|")
            default = ast.unparse(field.value) if field.value else ""
            default = "" if "default_factory" in default else f"`{default}`"
            meaning = (
                ast.literal_eval(text.value).replace("\n", " ").replace("|", "\\|")
            )
            name = ast.unparse(field.target)
            rows.append(f"| `{name}` | `{kind}` | {default} | {meaning} |")
    return rows


if __name__ == "__main__":
    for name, text in pages().items():
        (REFERENCE / name).write_text(text)
