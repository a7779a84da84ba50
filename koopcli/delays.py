"""Which columns of an observation are the present, and which are samples of the past.

Written into dataset files and models by `ingest --delay-embed`, so that whoever reads
them can tell the physical outputs from their history. Order of the columns:

    y[t], y[t-L], …, y[t-(K-1)L], u[t-L], …, u[t-(K-1)L]
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Delays:
    """An embedding of K samples, L steps apart.

    Attributes:
        count: K, the present included.
        lag: L, in steps.
        outputs: Names of the physical outputs, which are the first columns.
        inputs: Names of the actions whose past follows that of the outputs.
    """

    count: int
    lag: int
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]

    @property
    def past(self) -> int:
        """Steps before the present that an observation reaches back."""
        return (self.count - 1) * self.lag

    @property
    def lags(self) -> tuple[int, ...]:
        """Steps back of each sample of the past."""
        return tuple(self.lag * k for k in range(1, self.count))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns: y, y[t-1], ..., u[t-1], ..."""
        outputs = [f"{name}[t-{lag}]" for lag in self.lags for name in self.outputs]
        inputs = [f"{name}[t-{lag}]" for lag in self.lags for name in self.inputs]
        return (*self.outputs, *outputs, *inputs)

    def describes(self, columns: tuple[str, ...]) -> bool:
        """Whether these are the names of all columns."""
        wide = self.count * len(self.outputs) + (self.count - 1) * len(self.inputs)
        # The number first: a damaged file may speak of billions of samples.
        return wide == len(columns) and self.names == columns

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def parse(found: Any) -> Delays | None:
    """Read what `as_json` gave; None stays None.

    Raises:
        ValueError: It is something else.
    """
    if found is None:
        return None
    try:
        delays = Delays(
            count=int(found["count"]),
            lag=int(found["lag"]),
            outputs=tuple(str(name) for name in found["outputs"]),
            inputs=tuple(str(name) for name in found["inputs"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"the record of the delays is damaged ({error})") from error
    if delays.count < 1 or delays.lag < 1 or not delays.outputs:
        raise ValueError("the record of the delays is damaged")
    return delays
