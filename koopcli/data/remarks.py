"""What a reader noticed, counted: one line per kind of finding, with the first place."""

from collections import Counter


class Remarks:
    """Counts findings while episodes stream by.

    Attributes:
        dropped: Steps that were left out, by reason.
    """

    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        self._counts: dict[str, int] = {}
        self._first: dict[str, str] = {}
        self._largest: dict[str, float] = {}

    def count(self, what: str, where: str, times: int = 1) -> None:
        """Note that `what` was found `times` times, first in `where`."""
        if times:
            self._counts[what] = self._counts.get(what, 0) + times
            self._first.setdefault(what, where)

    def drop(self, why: str, steps: int) -> None:
        """Note that steps were left out."""
        if steps:
            self.dropped[why] += steps

    def largest(self, what: str, value: float) -> None:
        """Note the size of something; the largest is said."""
        self._largest[what] = max(value, self._largest.get(what, value))

    def lines(self) -> list[str]:
        """Return the findings as sentences."""
        return [
            f"{count} {what} (first: {self._first[what]})"
            for what, count in self._counts.items()
        ] + [f"{what} {value:.2g}" for what, value in self._largest.items()]
