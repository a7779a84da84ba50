from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Nothing to test in them but that `python -m koopcli` starts: tests/cli/test_app.py.
UNTESTED = {"__init__.py", "__main__.py"}
MODULES = [
    path.relative_to(ROOT / "koopcli")
    for path in sorted((ROOT / "koopcli").rglob("*.py"))
    if path.name not in UNTESTED
]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_a_test_file_of_the_same_name(module):
    assert (ROOT / "tests" / module.parent / f"test_{module.name}").is_file()
