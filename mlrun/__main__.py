"""`python -m mlrun`."""

from mlrun.start import main

main()
