"""Scripts of calls that real phones play on a real Asterisk, each named after what the phones do."""

from tests.integration.plots import (
    callers,
    consultations,
    faults,
    local_members,
    members,
    outgoing,
    parties,
    pbx_faults,
    plain,
    queues,
    transfers,
)
from tests.integration.plots.scene import Plot

PARTS = (
    plain,
    queues,
    members,
    local_members,
    callers,
    transfers,
    consultations,
    parties,
    outgoing,
    faults,
    pbx_faults,
)
PLOTS: dict[str, Plot] = {plot.__name__: plot for part in PARTS for plot in part.PLOTS}
