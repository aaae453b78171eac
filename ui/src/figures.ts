/** Figures a wallboard derives from the queues' own. */

import type { QueueFigures, Rate, WaitingCall } from './contract';

export const DENOMINATORS = ['of_offered', 'of_offered_less_short', 'of_answered'] as const;
export type Denominator = (typeof DENOMINATORS)[number];

function sum(rates: readonly Rate[]): Rate {
  const numerator = rates.reduce((total, rate) => total + rate.numerator, 0);
  const denominator = rates.reduce((total, rate) => total + rate.denominator, 0);
  return { numerator, denominator, value: denominator === 0 ? null : numerator / denominator };
}

/**
 * The figures that stand large on the wall: the only queue's, or the sum of queues that measure alike (same clock,
 * same target, same start). Queues that measure differently cannot be added: then the busiest stands for itself.
 * `queue` is empty for a sum.
 */
export function headline(queues: readonly QueueFigures[]): QueueFigures | null {
  const busiest = [...queues].sort(
    (a, b) => b.of_offered.denominator - a.of_offered.denominator || a.queue.localeCompare(b.queue),
  )[0];
  if (busiest === undefined) return null;
  const alike = queues.every(
    (each) =>
      each.clock === busiest.clock && each.target_seconds === busiest.target_seconds && each.since === busiest.since,
  );
  if (queues.length === 1 || !alike) return busiest;
  const answered = queues.filter((each) => each.average_wait !== undefined && each.of_answered.denominator > 0);
  const weight = answered.reduce((total, each) => total + each.of_answered.denominator, 0);
  const waits = answered.reduce((total, each) => total + (each.average_wait ?? 0) * each.of_answered.denominator, 0);
  const longest = queues.flatMap((each) => (each.longest_wait === undefined ? [] : [each.longest_wait]));
  const { average_handle: _, ...figures } = busiest; // of each queue's own calls: it cannot be added
  return {
    ...figures,
    queue: '',
    offered: queues.reduce((total, each) => total + (each.offered ?? 0), 0),
    abandon_rate: sum(queues.flatMap((each) => (each.abandon_rate ? [each.abandon_rate] : []))),
    target_share: Math.max(...queues.map((each) => each.target_share)),
    of_offered: sum(queues.map((each) => each.of_offered)),
    of_offered_less_short: sum(queues.map((each) => each.of_offered_less_short)),
    of_answered: sum(queues.map((each) => each.of_answered)),
    ...(weight > 0 ? { average_wait: waits / weight } : {}),
    ...(longest.length > 0 ? { longest_wait: Math.max(...longest) } : {}),
  };
}

/** What people call the queue. */
export function queueName(of: { queue?: string; queue_title?: string }): string {
  return of.queue_title || of.queue || '';
}

/** Waiting calls, the one whose time runs out first on top; calls whose clock has not started come last. */
export function byUrgency(calls: readonly WaitingCall[]): WaitingCall[] {
  return [...calls].sort(
    (a, b) => (a.breach_at ?? Infinity) - (b.breach_at ?? Infinity) || a.arrived - b.arrived,
  );
}
