"""Desired against existing, and what the ledger remembers."""
