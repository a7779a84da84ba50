"""`python -m koopcli`."""

from koopcli.cli.app import main

main()
