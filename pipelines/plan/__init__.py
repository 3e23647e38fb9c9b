"""Desired against existing: the changes, and what is withheld."""
