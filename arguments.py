"""What netcensus.py can be told on the command line."""

import argparse

_CENSUSES = {
    "census": "read every source, reconcile, plan, and write what changed",
    "dns_sync": "the same with the gateways as the last census found them: only phpIPAM and the zones are read",
    "rehearse": "a census that sends nothing: what would change, and why",
}
_WHEN = "ISO 8601, such as 2026-11-17T22:30 (local time) or 2026-11-17T20:30Z"


def parsed(description: str) -> argparse.Namespace:
    """What the command line says; ends the process where it says nothing that can be done."""
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="netcensus", description=description, formatter_class=as_written)
    commands = parser.add_subparsers(dest="command", required=True)
    for job, says in _CENSUSES.items():
        _add_approve(commands.add_parser(job, help=says))
    _add_undo(commands.add_parser("undo", help="take back what one run wrote, where it still reads so"))
    asking = commands.add_parser("why", help="why an address bears its name, or a name is where it is")
    asking.add_argument("subject", help="an address, a name (bare or whole) or a MAC")
    again = commands.add_parser("replay", help="past hours again, from the archive and with today's code; asks nobody")
    again.set_defaults(approve=[])
    again.add_argument("--from", dest="since", metavar="TIME", required=True, help=f"the first hour: {_WHEN}")
    again.add_argument("--to", dest="until", metavar="TIME", required=True, help="a time in the last hour")
    again.add_argument("--anew", action="store_true", help="let what is found now replace what the history holds")
    _add_who(commands.add_parser("who", help="who held an address, bore a name or had a MAC, and when"))
    return parser.parse_args()


def _add_approve(job: argparse.ArgumentParser) -> None:
    job.add_argument(
        "--approve",
        metavar="PLAN:GUARD",
        action="append",
        default=[],
        help="let one refused plan pass one guard, as the refusal says; may be given for several guards",
    )


def _add_undo(undoing: argparse.ArgumentParser) -> None:
    undoing.add_argument("run_id", nargs="?", help="its id, as in Dagster's UI; without it, the last ones are told")
    undoing.add_argument("--rehearse", action="store_true", help="show the plan, write nothing")
    undoing.add_argument("--target", choices=("phpipam", "dns"), help="only what it wrote there")
    undoing.add_argument("--scope", help="only what it wrote to this subnet or zone")
    undoing.add_argument("--subject", help="only what speaks of this address or name")
    _add_approve(undoing)


def _add_who(asking: argparse.ArgumentParser) -> None:
    asking.add_argument("subject", help="an address, a name (bare or whole) or a MAC")
    asking.add_argument("--at", metavar="TIME", help=f"only who did at this time: {_WHEN}")
    asking.add_argument("--from", dest="since", metavar="TIME", help="only who did at or after this time")
    asking.add_argument("--to", dest="until", metavar="TIME", help="only who did at or before this time")
    form = asking.add_mutually_exclusive_group()
    for name in ("csv", "json"):
        form.add_argument(
            f"--{name}", dest="form", action="store_const", const=name, help=f"all rows as {name.upper()}"
        )


def asked_for(arguments: argparse.Namespace) -> tuple[str, list[str], dict[str, str]]:
    """The job, what is let through, and what else its plan is told."""
    if arguments.command != "undo":
        return arguments.command, arguments.approve, {}
    told = {name: getattr(arguments, name) for name in ("run_id", "target", "scope", "subject")}
    return "rehearse_undo" if arguments.rehearse else "undo", arguments.approve, {k: v for k, v in told.items() if v}
