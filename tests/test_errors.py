import re
from pathlib import Path

import pytest

from koopcli import errors

ROOT = Path(__file__).parent.parent
KINDS = errors.KoopError.__subclasses__()


def test_each_code_belongs_to_one_error():
    assert sorted(kind.exit_code for kind in KINDS) == [2, 3, 4, 5, 6, 7, 8, 130]


@pytest.mark.parametrize("page", ["cli.md", "run-folder.md"])
def test_every_exit_code_is_documented(page):
    text = (ROOT / "docs" / "reference" / page).read_text()
    # The list runs from the words "exit codes" to its last entry.
    section = re.search(r"(?is)exit codes.*?interrupted", text)[0]
    found = {int(number) for number in re.findall(r"\b\d+\b", section)}
    assert found == {0, 1, *(kind.exit_code for kind in KINDS), 130}


def test_the_message_is_the_error():
    assert str(errors.DataError("d.h5: empty")) == "d.h5: empty"
