"""Laws that hold for any input, tried with hypothesis."""
