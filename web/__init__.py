"""HTTP, sockets, HTML, the command line and start-up."""
