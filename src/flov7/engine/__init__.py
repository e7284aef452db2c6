"""Plan to run: the interpreter, the ways to run it, the ledger, the worker and the client."""
