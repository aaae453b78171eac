"""What Asterisk's manager interface says, as frozen structs: only the events the tracker uses. PURE.

``gateway.ami.parse`` reads them from events' headers. Instants are seconds since the
Unix epoch on the PBX's clock: the ``Timestamp`` header (``timestampevents=yes``), else the time of receipt.

Five messages are the client's own and not Asterisk's events: ``HotlineConnectionUp`` and ``HotlineConnectionLost``;
``HotlineResyncStarted`` and ``HotlineResyncCompleted`` around the entries of CoreShowChannels and QueueStatus; and
after those entries ``HotlineQueueLog`` for each line Asterisk wrote to its queue_log while we did not listen.
"""

from __future__ import annotations

from msgspec import Struct

CONNECTION_UP = "HotlineConnectionUp"
CONNECTION_LOST = "HotlineConnectionLost"
RESYNC_STARTED = "HotlineResyncStarted"
RESYNC_COMPLETED = "HotlineResyncCompleted"
QUEUE_LOG = "HotlineQueueLog"

STATE_NOT_TOLD = -1
CHANNEL_DOWN = 0
CHANNEL_RINGING = 5
CHANNEL_UP = 6
"""Channel states."""

DEVICE_UNKNOWN = 0
DEVICE_INVALID = 4
DEVICES_IN_USE = frozenset({2, 3, 7, 8})
"""In use, busy, ringing while in use, on hold."""
DEVICES_AWAY = frozenset({DEVICE_INVALID, 5})
"""Invalid, unavailable."""


class Message(Struct, frozen=True, kw_only=True):
    """Base of all messages. ``at``: the instant on the PBX's clock."""

    at: float


class ChannelMessage(Message, frozen=True, kw_only=True):
    """Base of messages about one channel. ``state`` is Asterisk's channel state, -1 when not told."""

    channel: str
    uniqueid: str
    linkedid: str
    state: int = STATE_NOT_TOLD


class NewChannel(ChannelMessage, frozen=True, kw_only=True):
    """A channel came into being in ``context``. The caller's number and name are personal data."""

    context: str
    exten: str
    caller_number: str
    caller_name: str


class NewState(ChannelMessage, frozen=True, kw_only=True):
    """A channel changed its state."""


class HangupRequest(ChannelMessage, frozen=True, kw_only=True):
    """The far end of the channel hung up; the channel ends soon."""

    cause: int


class Hangup(ChannelMessage, frozen=True, kw_only=True):
    """The channel is gone. ``cause`` is the Q.850 code."""

    cause: int


class BridgeEnter(ChannelMessage, frozen=True, kw_only=True):
    """The channel entered a bridge."""

    bridge: str


class BridgeLeave(ChannelMessage, frozen=True, kw_only=True):
    """The channel left a bridge."""

    bridge: str


class Hold(ChannelMessage, frozen=True, kw_only=True):
    """The far end of the channel puts the other side on hold."""


class Unhold(ChannelMessage, frozen=True, kw_only=True):
    """The hold is over. Asterisk also says so where there was none."""


class DialBegin(Message, frozen=True, kw_only=True):
    """A channel is made to call ``dialled``, such as ``1001`` or ``13800000001@trunk``.

    ``uniqueid``, the channel that dials, is empty when nobody's does.
    """

    uniqueid: str
    channel: str
    linkedid: str
    called_uniqueid: str
    called_channel: str
    dialled: str


class DialEnd(ChannelMessage, frozen=True, kw_only=True):
    """The channel's dialling came to an end: ``status_word`` is ANSWER, BUSY, NOANSWER, CANCEL, CHANUNAVAIL, ..."""

    status_word: str


class BlindTransfer(Message, frozen=True, kw_only=True):
    """``transferer`` (a Uniqueid) sent ``transferee`` on to ``extension``. ``result``: ``Success``, or why not."""

    transferer: str
    transferee: str
    extension: str
    result: str


class AttendedTransfer(Message, frozen=True, kw_only=True):
    """A person with two calls connected them. All but the last are Uniqueids, and any may be empty.

    ``transferer`` had the one call, ``second`` is his channel of the other; ``target`` is the far end of ``second``.
    """

    transferer: str
    second: str
    transferee: str
    target: str
    target_channel: str
    target_state: int
    second_exten: str
    destination: str
    result: str


class Pickup(ChannelMessage, frozen=True, kw_only=True):
    """The channel takes the place of ``picked_up`` (a Uniqueid), which rang for somebody else."""

    picked_up: str
    picked_up_channel: str
    picked_up_linkedid: str


class LocalOptimization(Message, frozen=True, kw_only=True):
    """A Local channel takes itself out from between two bridges: begins, or is done. ``local``: both halves' name."""

    local: str
    local_linkedid: str


class LocalOptimizationBegin(LocalOptimization, frozen=True, kw_only=True):
    """Channels leave and enter bridges now although nobody comes or goes."""


class LocalOptimizationEnd(LocalOptimization, frozen=True, kw_only=True):
    """They are where they belong."""


class QueueMessage(ChannelMessage, frozen=True, kw_only=True):
    """Base of what a queue says about a caller: the channel is his."""

    queue: str


class QueueCallerJoin(QueueMessage, frozen=True, kw_only=True):
    """The caller's channel joined a queue at ``position`` (1 is next)."""

    position: int


class QueueCallerLeave(QueueMessage, frozen=True, kw_only=True):
    """The caller's channel left a queue: to an agent, or unanswered."""


class QueueCallerAbandon(QueueMessage, frozen=True, kw_only=True):
    """The queue gave the caller up: hung up, out of time, or no agents left. Not by itself an abandoned call."""


class AgentMessage(ChannelMessage, frozen=True, kw_only=True):
    """Base of what a queue says about an agent: the channel is the caller's, ``agent_*`` the agent's."""

    queue: str
    interface: str
    member_name: str
    agent_channel: str
    agent_uniqueid: str
    agent_state: int


class AgentCalled(AgentMessage, frozen=True, kw_only=True):
    """The queue calls an agent for the caller. The phone may ring already, or not yet."""


class AgentConnect(AgentMessage, frozen=True, kw_only=True):
    """The agent picked up; the bridge follows."""


class AgentRingNoAnswer(AgentMessage, frozen=True, kw_only=True):
    """The queue stops calling the agent (also after busy or declined)."""


class AgentComplete(AgentMessage, frozen=True, kw_only=True):
    """The conversation is over. ``reason``: caller, agent or transfer."""

    reason: str


class QueueMemberMessage(Message, frozen=True, kw_only=True):
    """Base of what a queue says about a member. ``status`` is a device state code, -1 when not told."""

    queue: str
    interface: str
    member_name: str
    status: int = -1
    paused: bool = False
    pause_reason: str = ""


class QueueMemberChanged(QueueMemberMessage, frozen=True, kw_only=True):
    """A member was added, changed its device's state, or was paused or unpaused."""


class QueueMemberRemoved(QueueMemberMessage, frozen=True, kw_only=True):
    """A member left the queue."""


class ConnectionUp(Message, frozen=True, kw_only=True):
    """We are logged in."""


class ConnectionLost(Message, frozen=True, kw_only=True):
    """The connection to Asterisk is gone, or cannot be made: ``reason``. Events are missed from here on."""

    reason: str


class ResyncStarted(Message, frozen=True, kw_only=True):
    """The entries of all channels, queues and members follow.

    ``since``: everything up to this instant on the PBX's clock had been heard before; None when nothing had.
    ``audit``: the connection was never lost; only what should not be is looked for.
    """

    since: float | None = None
    audit: bool = False


class ResyncCompleted(Message, frozen=True, kw_only=True):
    """The entries are complete: what was not among them does not exist."""


class ChannelEntry(ChannelMessage, frozen=True, kw_only=True):
    """Resync: a living channel. ``context`` is where it is now; ``duration`` its age in whole seconds."""

    context: str
    exten: str
    caller_number: str
    caller_name: str
    application: str
    application_data: str
    duration: float
    bridge: str


class QueueEntry(ChannelMessage, frozen=True, kw_only=True):
    """Resync: a caller who waits in a queue for ``wait`` whole seconds."""

    queue: str
    position: int
    wait: float


class QueueMemberEntry(QueueMemberMessage, frozen=True, kw_only=True):
    """Resync: a member of a queue."""


class QueueLogEntry(Message, frozen=True, kw_only=True):
    """Resync: what a queue wrote down while we did not listen. ``at`` is a whole second, rounded down.

    ``uniqueid`` is the caller's channel; ``agent`` the member's name (``log_membername_as_agent``) or interface;
    each is empty where the queue wrote NONE. ``verb`` is Asterisk's word, ``data`` what follows it.
    ENTERQUEUE's second datum is the caller's number (personal data).
    """

    uniqueid: str
    queue: str
    agent: str
    verb: str
    data: tuple[str, ...]
