"""What a page is made of: sections of text, tables, pictures and commands.

Nothing here is HTML. `kind` chooses the macro of the template that draws a block; every
string is escaped there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True)
class Lines:
    """A list of sentences; `tone` is `plain`, `warning` or `error`."""

    kind: ClassVar[str] = "lines"
    lines: tuple[str, ...]
    tone: str = "plain"


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes:
        title: Its caption.
        columns: Their headings.
        rows: The cells.
        sortable: Whether rows are alike, so that sorting them says something.
    """

    kind: ClassVar[str] = "table"
    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    sortable: bool = True


@dataclass(frozen=True)
class Picture:
    """A picture within the page.

    Attributes:
        source: Its `data:` address.
        alt: What it shows, with the main number, for those who do not see it.
        caption: How to read it.
        width: Of the drawing, CSS pixels.
        height: The same.
    """

    kind: ClassVar[str] = "picture"
    source: str
    alt: str
    caption: str
    width: int
    height: int


@dataclass(frozen=True)
class Commands:
    """Command lines, each with what it is for."""

    kind: ClassVar[str] = "commands"
    commands: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Part:
    """Blocks under a heading of their own; `folded` ones open on demand."""

    kind: ClassVar[str] = "part"
    title: str
    blocks: tuple["Block", ...]
    folded: bool = False


Block = Text | Lines | Table | Picture | Commands | Part


@dataclass(frozen=True)
class Section:
    """A chapter of the page.

    Attributes:
        name: Its address within the page: lower case, no spaces.
        title: Its heading.
        blocks: What it holds.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
