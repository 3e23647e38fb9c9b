"""Proofs over real sockets."""
