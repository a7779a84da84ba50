"""One page about runs: what was trained, on what, how wrong it is, and how to repeat it."""
