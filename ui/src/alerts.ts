/** Alerts in the order in which a supervisor looks at them, and the parts of the house they tell of. */

import type { Alert } from './contract';

function rank(alert: Alert): number {
  if (alert.ended !== undefined) return 3;
  if ((alert.acknowledged_by ?? '') !== '') return 2;
  return alert.severity === 'critical' ? 0 : 1;
}

/** The gravest first, then those somebody takes care of, then those that are over; the newest first in each. */
export function byGravity(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort((a, b) => rank(a) - rank(b) || b.at - a.at);
}

/** `ami.lag:pbx-2` is the part `ami.lag` of the one named `pbx-2`. */
export function componentParts(component: string): { base: string; name: string } {
  const [base = '', ...name] = component.split(':');
  return { base, name: name.join(':') };
}
