"""A stand-in for FreeBSD's `nc`, unix sockets only: `nc [-w SECONDS] [-N] -U SOCKET`.

Run as a program by the gateway's shell, without site packages and without the lab's own, so that it starts quickly.
"""

import socket
import sys

USAGE = "usage: nc [-NU] [-w timeout] [destination]"


def parse(arguments: list[str]) -> tuple[float | None, str]:
    """The timeout in seconds (None: wait for ever) and the socket's path; exits with nc's usage on anything else."""
    limit_s: float | None = None
    is_unix, rest = False, list(arguments)
    while rest and rest[0].startswith("-"):
        flags = rest.pop(0)[1:]
        is_unix = is_unix or "U" in flags
        if flags.endswith("w") and rest:
            limit_s = float(rest.pop(0))
        if flags.strip("NUw"):
            raise SystemExit(f"nc: invalid option -- '{flags.strip('NUw')[0]}'\n{USAGE}")
    if not is_unix or len(rest) != 1:
        raise SystemExit(USAGE)
    return limit_s, rest[0]


def main() -> int:
    """Exit status 0 when the connection was made, however it ended, 1 when it was not: as nc's."""
    limit_s, path = parse(sys.argv[1:])
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(limit_s)
        try:
            connection.connect(path)
        except OSError as error:
            sys.stderr.write(f"nc: {path}: {error.strerror}\n")
            return 1
        try:
            connection.sendall(sys.stdin.buffer.read())
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                sys.stdout.buffer.write(chunk)
        except OSError:  # cut or too slow: nc says nothing either
            return 0
        finally:
            sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
