"""The scenarios by name, in the order in which they run."""
from lab.scenarios import (accrual, closed, kill, many, mistaken, network, paths, server, starved, stop, undisturbed,
                           worker)

ALL = {
    "kill": kill.kill,
    "beat": kill.beat,
    "goodbye": kill.goodbye,
    "closed": closed.closed,
    "stop": stop.stop,
    "starved": starved.duty,
    "quota": starved.quota,
    "cable": network.cable,
    "one-way": network.one_way,
    "reset": network.reset,
    "worker": worker.worker,
    "server-stop": server.server_stop,
    "clock-step": server.clock_step,
    "mass": many.mass,
    "slow-watcher": many.slow_watcher,
    "duplicate": many.duplicate,
    "paths": paths.paths,
    "loss": mistaken.loss,
    "slower": mistaken.slower,
    "accrual": accrual.accrual,
    "undisturbed-quality": undisturbed.quality,
    "undisturbed-resets": undisturbed.resets,
    "undisturbed-evictions": undisturbed.evictions,
    "undisturbed-history": undisturbed.history,
    "undisturbed-filters": undisturbed.filters,
    "undisturbed-maintenance": undisturbed.maintenance,
    "undisturbed-swamp": undisturbed.swamp,
}

# Nothing is to be learnt from these in a hurry: --quick leaves them out.
LONG = ("accrual", "undisturbed-history", "undisturbed-filters", "undisturbed-maintenance",
        "undisturbed-swamp")
