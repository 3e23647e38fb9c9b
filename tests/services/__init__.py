"""The real servers the tests run against: Debian's own Kea, BIND, MariaDB and OpenSSH, on loopback."""
