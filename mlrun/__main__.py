"""`python -m mlrun`."""

from mlrun.cli.main import main

main()
