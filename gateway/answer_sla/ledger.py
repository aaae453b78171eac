"""Sums of stories by queue and interval, and the reports they make. PURE."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from msgspec.structs import replace

from gateway.answer_sla.connect_rate import in_window, window_seconds
from gateway.answer_sla.days import day_of, intervals
from gateway.answer_sla.report import (
    CallFigures,
    ConnectFigures,
    PolicyUsed,
    QueueReport,
    Stretch,
    queue_figures,
)
from gateway.answer_sla.story import Stay, Story
from gateway.answer_sla.tally import Tally, margin, outcome, rate
from gateway.config import QueuePolicy, Settings, zone
from gateway.events import AttemptMissed, CallAnswered


@dataclass(slots=True)
class _Queue:
    """``tallies``: by the number of the interval."""

    waiting_before: int = 0
    tallies: dict[int, Tally] = field(default_factory=dict)
    policies: Counter[QueuePolicy] = field(default_factory=Counter)


class Ledger:
    """What stories add up to in ``[since, until)``. Each story is counted once, when it is over or the time is."""

    def __init__(self, settings: Settings, since: float, until: float, interval: float) -> None:
        self._settings = settings
        self._zone = zone(settings.timezone)
        self._since, self._until = since, until
        self._spans = list(intervals(since, until, interval, self._zone))
        self._starts = [start for start, _ in self._spans]
        self._queues = {policy.name: _Queue() for policy in settings.queue}
        self._calls: Counter[str] = Counter()
        self._in_window: Counter[bool] = Counter()

    # --- taking in -------------------------------------------------------------------------------------------

    def count(self, story: Story) -> None:
        """Everything a call adds to the figures, but for its wrap-up."""
        self._count_call(story)
        for name, stay in story.stays.items():
            self._count_stay(name, stay)
        for transfer in story.transfers:
            self._tally(transfer.queue, transfer.at).transferred_in += 1
            if transfer.answered is not None:
                self._tally(transfer.queue, transfer.answered).transferred_in_answered += 1
        if story.handled and story.ended is not None:
            self._tally(story.answered_in, story.ended.at).handle(story.ended)

    def wrap_up(self, story: Story, seconds: float) -> None:
        """Somebody wrapped up the call; it counts with the rest of its handle time."""
        if story.handled and story.ended is not None:
            self._tally(story.answered_in, story.ended.at).wrap_up(seconds)

    def missed(self, event: AttemptMissed) -> None:
        """A ring that was not answered."""
        self._tally(event.queue, event.at).missed[event.reason] += 1

    def _count_call(self, story: Story) -> None:
        event = story.decided
        if story.arrived >= self._since:
            self._calls["offered"] += 1
        elif event is None or event.at >= self._since:
            self._calls["waiting_before"] += 1
        if event is None:
            return
        if event.at >= self._since:
            self._calls[outcome(event)] += 1
            self._calls["reconstructed"] += event.clocks.provenance == "reconstructed"
        if in_window(event.at, self._until, window_seconds(self._settings)):
            self._in_window[isinstance(event, CallAnswered)] += 1

    def _count_stay(self, name: str, stay: Stay) -> None:
        self._tally(name, stay.joined).offered += 1
        for said in stay.earlier:
            self._tally(name, said.at).lengthen(said.waited)
        if stay.said is not None:
            self._tally(name, stay.said.at).judge(stay.said)
        if stay.said is None or stay.said.outcome == "late" or stay.said.at >= self._since:
            queue = self._queues.setdefault(name, _Queue())
            queue.waiting_before += stay.joined < self._since
            queue.policies[replace(stay.policy, period=())] += 1

    def _tally(self, queue: str, at: float) -> Tally:
        """The sums of the interval; what is not of this time goes into sums that nobody reads."""
        if not queue or not self._since <= at < self._until:
            return Tally()
        number = bisect_right(self._starts, at) - 1
        return self._queues.setdefault(queue, _Queue()).tallies.setdefault(number, Tally())

    # --- giving out ------------------------------------------------------------------------------------------

    def calls(self) -> CallFigures:
        """Of the whole hotline."""
        n = self._calls
        return CallFigures(
            waiting_before=n["waiting_before"],
            offered=n["offered"],
            answered=n["answered"],
            abandoned=n["abandoned"],
            overflowed=n["overflowed"],
            waiting=n["waiting_before"] + n["offered"] - n["answered"] - n["abandoned"] - n["overflowed"],
            reconstructed=n["reconstructed"],
        )

    def connect_rate(self) -> ConnectFigures:
        """Of the whole hotline, over the window up to ``until``."""
        answered, total = self._in_window[True], self._in_window.total()
        required = self._settings.connect_rate_required
        return ConnectFigures(
            window_seconds=window_seconds(self._settings),
            required=required,
            rate=rate(answered, total),
            margin=margin(answered, total, required),
        )

    def queues(self) -> dict[str, QueueReport]:
        """Of every queue in the settings or the events."""
        return {name: self._report(name, queue) for name, queue in self._queues.items()}

    def _report(self, name: str, queue: _Queue) -> QueueReport:
        rows, days = [], []
        total, waiting = Tally(), queue.waiting_before
        numbers = range(len(self._spans))
        for _, group in groupby(numbers, lambda number: day_of(self._starts[number], self._zone)):
            day, waiting_at_dawn = Tally(), waiting
            of_day = list(group)
            for number in of_day:
                tally = queue.tallies.get(number, _NOTHING)
                start, end = self._spans[number]
                row = Stretch(start=start, end=end, figures=queue_figures(tally, waiting))
                rows.append(row)
                waiting = row.figures.waiting
                day.add(tally)
            start, end = self._spans[of_day[0]][0], self._spans[of_day[-1]][1]
            days.append(Stretch(start=start, end=end, figures=queue_figures(day, waiting_at_dawn)))
            total.add(day)
        return QueueReport(
            queue=name,
            title=self._settings.policy(name).title,
            policies=_used(queue.policies, self._settings.policy_at(name, self._since)),
            total=queue_figures(total, queue.waiting_before),
            intervals=tuple(rows),
            days=tuple(days),
        )


_NOTHING = Tally()


def _used(policies: Counter[QueuePolicy], in_force: QueuePolicy) -> tuple[PolicyUsed, ...]:
    """The promises calls were judged by, most calls first; without any the one in force at the beginning."""
    used: Iterable[tuple[QueuePolicy, int]] = policies.most_common() or [(in_force, 0)]
    return tuple(
        PolicyUsed(
            clock=policy.clock,
            target_seconds=policy.target_seconds,
            at_risk_seconds=policy.at_risk_seconds,
            target_share=policy.target_share,
            short_abandon_seconds=policy.short_abandon_seconds,
            calls=calls,
        )
        for policy, calls in used
    )
