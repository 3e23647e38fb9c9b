"""Bytes to tables, one file per wire format."""
