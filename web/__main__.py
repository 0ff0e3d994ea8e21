"""`python -m web` is the `onethread` command."""

from web.cli import main

main()
