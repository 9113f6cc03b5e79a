"""Faults at random and a ledger that says what they did; `make chaos` runs it."""
