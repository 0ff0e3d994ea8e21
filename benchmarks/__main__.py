"""python -m benchmarks [NAME …]: run benchmarks and print their figures as one table."""

import sys

from rich.console import Console
from rich.table import Table

from benchmarks import backlog, filing, flood, footprint, live, mail, pages, painted, visitors
from benchmarks.figures import Figure

ALL = {
    "filing": filing.measure,
    "live": live.measure,
    "pages": pages.measure,
    "painted": painted.measure,
    "footprint": footprint.measure,
    "mail": mail.measure,
    "backlog": backlog.measure,
    "flood": flood.measure,
    "visitors": visitors.measure,
}


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in ALL]:
        sys.stderr.write(f"There is no benchmark {unknown[0]}; there are {', '.join(ALL)}.\n")
        return 2
    figures: list[Figure] = []
    for name in names or ALL:
        sys.stderr.write(f"measuring {name} …\n")
        figures += ALL[name]()
    table = Table("benchmark", "figure", "value", "bar", "holds")
    for figure in figures:
        table.add_row(figure.benchmark, figure.name, figure.value, figure.bar, figure.verdict)
    Console(width=120).print(table)
    return 0


sys.exit(main(sys.argv[1:]))
