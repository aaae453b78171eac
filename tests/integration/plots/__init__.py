"""Scripts of calls that real phones play on a real Asterisk, each named after what the phones do."""

from tests.integration.plots import callers, faults, members, plain, queues
from tests.integration.plots.scene import Plot

PLOTS: dict[str, Plot] = {
    plot.__name__: plot for part in (plain, queues, members, callers, faults) for plot in part.PLOTS
}
