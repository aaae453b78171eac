import { describe, expect, it } from 'vitest';
import type { MissedCaller } from '../src/contract';
import { byAttention, missedState } from '../src/missed';

function caller(id: string, missedAt: number, more: Partial<MissedCaller> = {}): MissedCaller {
  return { call_id: id, caller_number: '13900000001', tried: 1, latest_at: missedAt - 20, missed_at: missedAt, ...more };
}

describe('missedState', () => {
  it('says whether somebody takes care of it', () => {
    expect(missedState(caller('a', 1))).toBe('open');
    expect(missedState(caller('a', 1, { callback_at: 2, callback_by: 'li' }))).toBe('requested');
  });

  it('says first what happens now', () => {
    const requested = { callback_at: 2, callback_by: 'li' };
    expect(missedState(caller('a', 1, { ...requested, calling_again: true }))).toBe('calling_again');
    expect(missedState(caller('a', 1, { ...requested, calling_again: true, being_called_by: '1001' }))).toBe('being_called');
  });
});

describe('byAttention', () => {
  it('puts those nobody takes care of first, short abandons after the others, the latest first', () => {
    const order = byAttention([
      caller('old', 100),
      caller('asked', 400, { callback_at: 401, callback_by: 'li' }),
      caller('short', 300, { short: true }),
      caller('new', 200),
    ]);
    expect(order.map((each) => each.call_id)).toEqual(['new', 'old', 'short', 'asked']);
  });

  it('does not move a caller who is on the line again or being called', () => {
    const order = byAttention([caller('a', 100), caller('b', 200, { calling_again: true })]);
    expect(order.map((each) => each.call_id)).toEqual(['b', 'a']);
  });

  it('leaves what it was given as it is', () => {
    const given = [caller('a', 100), caller('b', 200)];
    byAttention(given);
    expect(given.map((each) => each.call_id)).toEqual(['a', 'b']);
  });
});
