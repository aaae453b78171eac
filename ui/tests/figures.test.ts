import { describe, expect, it } from 'vitest';
import type { QueueFigures, Rate, WaitingCall } from '../src/contract';
import { byUrgency, headline, queueName } from '../src/figures';

function rate(numerator: number, denominator: number): Rate {
  return denominator === 0 ? { numerator, denominator } : { numerator, denominator, value: numerator / denominator };
}

function queue(name: string, within: number, offered: number, more: Partial<QueueFigures> = {}): QueueFigures {
  return {
    queue: name,
    clock: 'caller_wait',
    since: 1000,
    target_seconds: 15,
    target_share: 0.95,
    of_offered: rate(within, offered),
    of_offered_less_short: rate(within, offered),
    of_answered: rate(within, offered),
    ...more,
  };
}

describe('queueName', () => {
  it('is the title, else the id, else nothing', () => {
    expect(queueName({ queue: 'hotline', queue_title: '政务服务热线' })).toBe('政务服务热线');
    expect(queueName({ queue: 'hotline' })).toBe('hotline');
    expect(queueName({})).toBe('');
  });
});

describe('headline', () => {
  it('is nothing without queues and the queue itself when there is one', () => {
    expect(headline([])).toBeNull();
    expect(headline([queue('a', 9, 10)])?.queue).toBe('a');
  });

  it('adds queues that measure alike, and weighs their mean wait by answered calls', () => {
    const sum = headline([
      queue('a', 90, 100, { average_wait: 6, longest_wait: 20, offered: 101, abandon_rate: rate(8, 101), average_handle: 200 }),
      queue('b', 5, 10, { average_wait: 17, longest_wait: 40, target_share: 0.9 }),
    ]);
    expect(sum?.queue).toBe('');
    expect(sum?.of_offered).toEqual({ numerator: 95, denominator: 110, value: 95 / 110 });
    expect(sum?.average_wait).toBeCloseTo(7);
    expect(sum?.longest_wait).toBe(40);
    expect(sum?.offered).toBe(101);
    expect(sum?.abandon_rate).toEqual({ numerator: 8, denominator: 101, value: 8 / 101 });
    expect(sum?.target_share).toBe(0.95);
    expect(sum?.average_handle).toBeUndefined();
  });

  it('never adds what is measured differently', () => {
    const one = headline([queue('a', 1, 2), queue('b', 90, 100, { clock: 'queue_wait' })]);
    expect(one?.queue).toBe('b');
    expect(one?.of_offered.denominator).toBe(100);
  });

  it('has no share of nothing', () => {
    expect(headline([queue('a', 0, 0), queue('b', 0, 0)])?.of_offered.value).toBeNull();
  });
});

describe('byUrgency', () => {
  it('puts the call whose time runs out first on top and calls without a clock last', () => {
    const call = (id: string, arrived: number, breach?: number): WaitingCall => ({
      call_id: id,
      caller_number: '',
      arrived,
      ...(breach === undefined ? {} : { breach_at: breach }),
    });
    const order = byUrgency([call('c', 1), call('b', 5, 20), call('a', 2, 17)]).map((each) => each.call_id);
    expect(order).toEqual(['a', 'b', 'c']);
  });
});
