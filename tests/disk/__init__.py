"""What netcensus, with all of Dagster, writes to a disk: `make disk`, and the figures of docs/decisions/0018."""
