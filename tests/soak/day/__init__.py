"""A day of a living network in some minutes: every clock is put forward, and each hour is held against the truth."""
