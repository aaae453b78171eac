import { describe, expect, it } from 'vitest';
import { byGravity, componentParts } from '../src/alerts';
import type { Alert } from '../src/contract';

function alert(alert_id: string, more: Partial<Alert> = {}): Alert {
  return { alert_id, kind: 'ami_lost', severity: 'critical', at: 100, ...more };
}

describe('byGravity', () => {
  it('puts what nobody takes care of before the rest', () => {
    const alerts = [
      alert('over', { ended: 120, at: 110 }),
      alert('seen', { acknowledged_by: 'li', at: 110 }),
      alert('warning', { severity: 'warning', at: 110 }),
      alert('older'),
      alert('newer', { at: 105 }),
    ];
    expect(byGravity(alerts).map((each) => each.alert_id)).toEqual(['newer', 'older', 'warning', 'seen', 'over']);
  });
});

describe('componentParts', () => {
  it('knows a part from the name it has after the colon', () => {
    expect(componentParts('ami.lag:pbx:2')).toEqual({ base: 'ami.lag', name: 'pbx:2' });
    expect(componentParts('redis')).toEqual({ base: 'redis', name: '' });
    expect(componentParts('')).toEqual({ base: '', name: '' });
  });
});
