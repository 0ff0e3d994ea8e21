"""onethread serve: web and background work in one process."""

from argparse import ArgumentParser, Namespace

from inbox.setting_values import number
from web.plain_commands import option


def add_options(parser: ArgumentParser) -> None:
    """Where it listens, and in how many processes."""
    port, workers = option(number(0, 65535)), option(number(1, 64))
    parser.add_argument("--host", default="127.0.0.1", help="The address to listen on (%(default)s).")
    parser.add_argument("--port", default=8000, type=port, help="… and the port (%(default)s).")
    parser.add_argument("--workers", default=1, type=workers, help="More than one needs PostgreSQL.")
    parser.add_argument(
        "--lmtp",
        metavar="ADDRESS",
        help="Take mail from a mail server: 127.0.0.1:24 or /run/lmtp.sock.",
    )


def run(options: Namespace) -> None:
    """Run web and background work. Makes its database and its key at the first start."""
    import os

    from web.loading import nothing_is_garbage

    with nothing_is_garbage():
        from inbox.config import load_settings
        from web.logs import configure_logs
        from web.server import serve_installation

    if options.lmtp is not None:
        os.environ["ONETHREAD_LMTP"] = options.lmtp  # the processes of several workers read it there
    settings = load_settings()
    configure_logs(settings.log_format)
    serve_installation(settings, host=options.host, port=options.port, workers=options.workers)
