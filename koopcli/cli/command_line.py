"""The command as it was typed, for the record."""

import shlex
import sys
from pathlib import Path


def command_line() -> str:
    """Return the command line that would start this program again."""
    name = Path(sys.argv[0]).name
    program = ["python", "-m", "koopcli"] if name == "__main__.py" else [name]
    return shlex.join([*program, *sys.argv[1:]])
