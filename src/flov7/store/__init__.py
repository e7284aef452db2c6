"""What Flov7 remembers, in PostgreSQL: every query scoped to a workspace, every payload sealed.

Open a `Database`, then `async with database.workspace(id) as scope:` is one transaction; each noun has a file of
plain functions that take the scope first. The hot paths (journal, effects, events, finished runs) go through
`Database.journal` and its like, which write many callers' rows in one commit.
"""
