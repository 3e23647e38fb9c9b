"""Minutes of life in one network while netcensus looks after it, and what must hold afterwards (`make soak`)."""
