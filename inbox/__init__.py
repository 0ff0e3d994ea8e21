"""The core: what a conversation is. No HTTP, no IMAP, no HTML pages.

models/    what is stored
actions/   everything that changes data: takes a session, records events, never commits
queries/   everything that reads: says what it loads, takes the actor it reads for
intake     raw input, stored before anybody parses it        threads  whose message is it, and where does it
go outbox     what must still leave                             feed     wakes whoever watches after a commit
db         transaction() and reading()                       envelopes  the shapes that cross to and from
channels
"""

__version__ = "0.1.0"
