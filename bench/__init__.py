"""What netcensus costs, beside what others cost: `make bench`. Nothing of production imports this."""
