"""One file for each subcommand. It holds `app`, a Typer, and imports what is heavy inside its functions."""
