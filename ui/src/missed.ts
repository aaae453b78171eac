/** Missed callers: how each stands, and in which order a room should look at them. */

import type { MissedCaller } from './contract';

/** `open`: nobody takes care of it yet. The others need nobody's hand now. */
export type MissedState = 'open' | 'requested' | 'calling_again' | 'being_called';

export function missedState(caller: MissedCaller): MissedState {
  if (caller.being_called_by) return 'being_called';
  if (caller.calling_again) return 'calling_again';
  return caller.callback_at === undefined ? 'open' : 'requested';
}

/** Those nobody asked to call back stand first, short abandons after the others; in each group the latest first. */
export function byAttention(callers: readonly MissedCaller[]): MissedCaller[] {
  const rank = (caller: MissedCaller): number => (caller.callback_at === undefined ? (caller.short ? 1 : 0) : 2);
  return [...callers].sort((a, b) => rank(a) - rank(b) || b.missed_at - a.missed_at);
}
