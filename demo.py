"""The demonstration: the lab is started, the census runs on it twice, and a person reads what happened."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
_START_LIMIT_S = 30
_STOP_LIMIT_S = 20


def main() -> int:
    """`--ui` opens Dagster's UI on what the demonstration left behind; without it, run it and print the reports."""
    parser = argparse.ArgumentParser(prog="demo.py", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="the lab's folder; made when it is not there")
    parser.add_argument("--ui", action="store_true", help="open the Dagster UI instead of printing reports")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what was started is stopped, whoever ends us
    lab = start_lab(arguments.dir)
    try:
        os.environ.update(environment_of(arguments.dir))
        return open_ui() if arguments.ui else demonstrate()
    except KeyboardInterrupt:
        return 0
    finally:
        lab.terminate()
        lab.wait(timeout=10)


def start_lab(folder: Path) -> "subprocess.Popen[str]":
    """The lab as a process of its own, once all its ports answer. Exits with its own words when it does not start."""
    say(f"Starting the lab: a firewall, a phpIPAM and a name server on this machine's loopback ({folder}) ...")
    command = [sys.executable, "-m", "lab", "--dir", str(folder)]
    lab = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603 - ours
    if lab.stdout is None or not lab.stdout.readline().startswith("ready"):
        sys.exit(lab.wait(timeout=_START_LIMIT_S) or 1)
    return lab


def environment_of(folder: Path) -> dict[str, str]:
    """What the lab says a census needs to know: where network.toml and the secrets' files are."""
    lines = (folder / "environment").read_text(encoding="utf-8").splitlines()
    home = {"DAGSTER_HOME": str((folder / "dagster").absolute())}
    return dict(line.split("=", 1) for line in lines if "=" in line) | home


def demonstrate() -> int:
    """Two censuses in a row. The second must find nothing to write: that is the promise."""
    import netcensus  # noqa: PLC0415 - Dagster takes seconds to import; the first line should not wait for it
    from answers import read  # noqa: PLC0415 - as above
    from composition import build_defs  # noqa: PLC0415 - reads the environment set above
    from pipelines.report import is_quiet, report  # noqa: PLC0415 - as above
    from pipelines.terminal import printable  # noqa: PLC0415 - as above

    netcensus.prepare_home(Path(os.environ["DAGSTER_HOME"]))
    definitions = build_defs()
    for ordinal in ("first", "second"):
        say(f"\nRunning the {ordinal} census ...")
        began = time.monotonic()
        ended = netcensus.run(definitions, "census")
        if ended.faults:
            say("\n".join(map(printable, ended.faults)))
            return 1
        told = read(netcensus.REPORTED["census"])
        say(f"Done in {time.monotonic() - began:.1f} s.\n\n{report(told)}")
    if not is_quiet(told):
        say("The second census found something to change. That should not be: please report it.")
        return 1
    say("The second census found nothing to change, and sent nothing: phpIPAM and DNS agree with the network.")
    say("Look at it in Dagster's UI: make ui")
    return 0


def open_ui() -> int:
    """Dagster's webserver and daemon on the lab, until Ctrl-C."""
    import netcensus  # noqa: PLC0415 - as above

    netcensus.prepare_home(Path(os.environ["DAGSTER_HOME"]))
    port = os.environ.get("NETCENSUS_UI_PORT", "3000")
    say(f"The UI opens at http://127.0.0.1:{port} in some seconds; Ctrl-C ends it.")
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        str(HERE / "workspace.yaml"),
        "-h",
        "127.0.0.1",
        "-p",
        port,
    ]
    # In its own home: of a dagster.yaml beside it that is not in use, Dagster warns.
    home, code = os.environ["DAGSTER_HOME"], os.environ | {"PYTHONPATH": str(HERE)}
    server = subprocess.Popen(command, cwd=home, env=code)  # noqa: S603 - our own command
    try:
        return server.wait()
    finally:
        server.terminate()
        server.wait(timeout=_STOP_LIMIT_S)


def say(text: str) -> None:
    """Print at once, so that a person sees what is being waited for."""
    print(text, flush=True)  # noqa: T201 - the demonstration speaks to a person


if __name__ == "__main__":
    sys.exit(main())
