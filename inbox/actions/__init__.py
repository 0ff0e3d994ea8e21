"""Everything that changes data.

An action takes a session, changes rows, and records one event for each fact. It never commits: the edge
opened the transaction. It never sends: what must leave is an outbox entry. It is named with the verb an agent
would use.
"""
