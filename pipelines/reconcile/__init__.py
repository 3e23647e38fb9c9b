"""The tables of all sources to one account of the network."""
