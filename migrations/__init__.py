"""The database's revisions. A revision imports nothing of ours; they go forward only."""
