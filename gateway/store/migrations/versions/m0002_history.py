"""Tables of calls, legs, agents' states, alerts and figures, made of the journal; how far the journal was purged."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables; the history is filled from the journal when a gateway runs."""
    op.create_index("journal_type_seq", "journal", ["type", "seq"])
    if op.get_bind().dialect.name != "sqlite":  # which knows no longest text
        op.alter_column("journal", "call_id", type_=sa.Text)
    op.create_table(
        "purged",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", _BIG, nullable=False),
        sa.Column("stream_ms", _BIG, nullable=False),
    )
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("caller_number", sa.Text, nullable=False),
        sa.Column("caller_name", sa.Text, nullable=False),
        sa.Column("dialled", sa.Text, nullable=False),
        sa.Column("arrived", sa.Double, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("queued", sa.Double),
        sa.Column("first_ring", sa.Double),
        sa.Column("picked_up", sa.Double),
        sa.Column("bridged", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("answered_at", sa.Double),
        sa.Column("caller_wait", sa.Double),
        sa.Column("queue_wait", sa.Double),
        sa.Column("ring_time", sa.Double),
        sa.Column("provenance", sa.String(16), nullable=False),
        sa.Column("talk_seconds", sa.Double, nullable=False),
        sa.Column("held_seconds", sa.Double, nullable=False),
        sa.Column("hung_up_by", sa.String(16), nullable=False),
        sa.Column("cause", _BIG, nullable=False),
        sa.Column("transfers", sa.Integer, nullable=False),
    )
    op.create_index("calls_arrived", "calls", ["arrived"])
    op.create_index("calls_caller_number", "calls", ["caller_number", "arrived"])
    _living("calls_living", "calls", "call_id")
    op.create_table(
        "legs",
        sa.Column("seq", _BIG, primary_key=True, autoincrement=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("party_kind", sa.String(16), nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("seconds", sa.Double),
        sa.Column("reason", sa.String(24), nullable=False),
    )
    op.create_index("legs_call_id", "legs", ["call_id"])
    op.create_index("legs_party", "legs", ["party", "started"])
    op.create_table(
        "agent_states",
        sa.Column("seq", _BIG, primary_key=True, autoincrement=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("until", sa.Double),
    )
    op.create_index("agent_states_agent", "agent_states", ["agent", "since"])
    op.create_index("agent_states_until", "agent_states", ["until"])
    op.create_table(
        "outbound",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("answered", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("talk_seconds", sa.Double, nullable=False),
        sa.Column("cause", _BIG, nullable=False),
    )
    op.create_index("outbound_started", "outbound", ["started"])
    op.create_index("outbound_number", "outbound", ["number", "started"])
    _living("outbound_living", "outbound", "call_id")
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("component", sa.Text, nullable=False),
        sa.Column("raised", sa.Double, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("limit", sa.Double),
        sa.Column("level", _BIG, nullable=False),
        sa.Column("acknowledged", sa.Double),
        sa.Column("acknowledged_by", sa.Text, nullable=False),
        sa.Column("ended", sa.Double),
    )
    op.create_index("alerts_raised", "alerts", ["raised"])
    op.create_table(
        "figures",
        sa.Column("queue", sa.Text, primary_key=True),
        sa.Column("start", sa.Double, primary_key=True),
        sa.Column("seconds", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("offered", sa.Integer, nullable=False),
        sa.Column("answered", sa.Integer, nullable=False),
        sa.Column("within", sa.Integer, nullable=False),
        sa.Column("abandoned", sa.Integer, nullable=False),
        sa.Column("short_abandoned", sa.Integer, nullable=False),
        sa.Column("overflowed", sa.Integer, nullable=False),
        sa.Column("late", sa.Integer, nullable=False),
        sa.Column("wait_seconds", sa.Double, nullable=False),
        sa.Column("longest_wait", sa.Double),
        sa.Column("talk_seconds", sa.Double, nullable=False),
        sa.Column("held_seconds", sa.Double, nullable=False),
        sa.Column("wrap_up_seconds", sa.Double, nullable=False),
    )
    op.create_index("figures_start", "figures", ["start"])


def _living(name: str, table: str, of: str) -> None:
    without_end = sa.column("ended").is_(None)
    op.create_index(name, table, [of], sqlite_where=without_end, postgresql_where=without_end)


def downgrade() -> None:
    """Drop them; the journal keeps what they were made of."""
    for table in ("figures", "alerts", "outbound", "agent_states", "legs", "calls", "purged"):
        op.drop_table(table)
    op.execute("DELETE FROM cursors WHERE name = 'history'")
    op.drop_index("journal_type_seq", "journal")
