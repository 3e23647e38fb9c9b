"""A stand-in network on loopback: a firewall behind SSH, phpIPAM on SQLite, an authoritative DNS server.

It speaks the real protocols to the production code and shares not a line with it: a lab made from production's tables
would agree with every mistake in them. What lives here is the emulation and its data; nothing of it is ever deployed.
"""
