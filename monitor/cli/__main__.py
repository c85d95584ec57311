"""`python -m monitor.cli` is `tieout`."""

from monitor.cli.main import main

main()
