"""What pages show: events folded into two snapshots, the supervisor's wallboard and an agent's desk.

A page receives ``{"kind": "snapshot", "view": "desk"|"wallboard", "seq": n, "data": {...}}`` first, then
``{"kind": "delta", "seq": n+1, "patch": {...}}`` where ``patch`` is a JSON merge patch (RFC 7396) of ``data``:
so collections are objects keyed by id, and an absent optional value is left out instead of null.
Instants are Unix seconds on the PBX's clock; ``now`` in a snapshot lets a page run its clocks. PURE.
"""

from gateway.views.calls import CallBook
from gateway.views.desk import DeskFold
from gateway.views.pages import (
    AgentView,
    Alert,
    ConnectRate,
    Desk,
    DeskCall,
    Gap,
    Line,
    MissedCaller,
    QueueFigures,
    Revision,
    SpeechEngine,
    SpeechLoad,
    TalkingCall,
    WaitingCall,
    Wallboard,
)
from gateway.views.patch import merge_patch, page_data
from gateway.views.wallboard import WallboardFold, without_callers

__all__ = [
    "AgentView",
    "Alert",
    "CallBook",
    "ConnectRate",
    "Desk",
    "DeskCall",
    "DeskFold",
    "Gap",
    "Line",
    "MissedCaller",
    "QueueFigures",
    "Revision",
    "SpeechEngine",
    "SpeechLoad",
    "TalkingCall",
    "WaitingCall",
    "Wallboard",
    "WallboardFold",
    "merge_patch",
    "page_data",
    "without_callers",
]
