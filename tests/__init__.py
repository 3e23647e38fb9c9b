"""The proofs, and the real servers some of them need."""
