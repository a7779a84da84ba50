"""One foreign trajectory format per file."""
