"""Tables to one account of the network."""
