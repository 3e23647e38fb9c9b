"""The jobs: what a person starts from the launchpad, and what the schedule starts by itself."""

import dagster as dg

from assets import extract, load, parse, plan, reconcile
from assets import replay as past
from assets import undo as undoing

LIMIT_S = 900
"""How long a census may take. The old jobs hung for four days; a healthy census takes well under a minute."""
_STAGES = (extract.GROUP, parse.GROUP, reconcile.GROUP, plan.GROUP)
_LIMIT = {"dagster/max_runtime": str(LIMIT_S)}
LOADS = {"netcensus/loads": "targets"}
"""The tag of runs that write to targets: dagster.yaml lets one of them run at a time."""
RESTS_ON_THE_ARCHIVE = {"netcensus/archive": "held"}
"""The tag of runs that read old answers, and of the one that removes them: dagster.yaml lets one run at a time."""
UNDER_WAY = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]

census = dg.define_asset_job(
    "census",
    selection=dg.AssetSelection.groups(*_STAGES, load.GROUP),
    tags={**_LIMIT, **LOADS},
    description="Read every source, reconcile, plan, and make phpIPAM and DNS say the same.",
)
dns_sync = dg.define_asset_job(
    "dns_sync",
    selection=dg.AssetSelection.assets("phpipam_snapshots", "zone_snapshots")
    | dg.AssetSelection.groups(*_STAGES[1:], load.GROUP),
    tags={**_LIMIT, **LOADS},
    description="A census that reads phpIPAM and the zones afresh, and takes the gateways as the last one found them.",
)
rehearse = dg.define_asset_job(
    "rehearse",
    selection=dg.AssetSelection.groups(*_STAGES),
    tags=_LIMIT,
    description="All of a census but the writing: look at ipam_plan, dns_plan and withheld.",
)
replay = dg.define_asset_job(
    "replay",
    selection=dg.AssetSelection.groups(past.GROUP),
    tags=RESTS_ON_THE_ARCHIVE,
    description="Make past hours again from the archive, with today's code. Asks nobody, writes to no target.",
)
_ASKED = dg.AssetSelection.assets(*undoing.READ)
undo = dg.define_asset_job(
    undoing.JOB,
    selection=_ASKED | dg.AssetSelection.groups(undoing.GROUP),
    tags={**_LIMIT, **LOADS},
    description="Take back what one run wrote to phpIPAM and DNS, where it still reads so. Fill in run_id; the census "
    "leaves it so until the network says something else. Undo the undo to have it after all.",
)
rehearse_undo = dg.define_asset_job(
    "rehearse_undo",
    selection=_ASKED | dg.AssetSelection.assets(*undoing.PLANNED),
    tags=_LIMIT,
    description="All of an undo but the writing: look at undo_ipam_plan, undo_dns_plan and undo_withheld.",
)
