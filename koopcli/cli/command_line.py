"""The command as it was typed, for the record."""

import shlex
import sys
from pathlib import Path


def command_line() -> str:
    """Return the command line that would start this program again."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
