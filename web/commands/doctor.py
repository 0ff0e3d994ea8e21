"""onethread doctor: is this installation in order?"""

import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def doctor() -> None:
    """Check the installation; exit 1 with what is wrong."""
    from inbox.config import load_settings
    from inbox.errors import Invalid
    from web.examination import examine

    findings = examine(load_settings())
    for finding in findings:
        typer.echo(f"{'ok   ' if finding.is_well else 'WRONG'} {finding.subject}: {finding.text}")
    if wrong := [finding for finding in findings if not finding.is_well]:
        raise Invalid(f"{len(wrong)} of {len(findings)} checks found something to mend, see above.")
