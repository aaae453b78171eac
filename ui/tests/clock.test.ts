import { describe, expect, it } from 'vitest';
import { clockText, percent, ServerClock, standing, timeOfDay } from '../src/clock';

describe('clockText', () => {
  it.each([
    [0, '00:00'],
    [14.999, '00:14'],
    [15, '00:15'],
    [59.9, '00:59'],
    [60, '01:00'],
    [3599, '59:59'],
    [3600, '1:00:00'],
    [36_061, '10:01:01'],
    [-3, '00:00'],
  ])('%d s reads %s', (seconds, text) => {
    expect(clockText(seconds)).toBe(text);
  });

  it('does not lose a second to the arithmetic of large instants', () => {
    expect(clockText(1_764_000_015.1 - 1_764_000_000.1)).toBe('00:15');
  });
});

describe('standing', () => {
  it('turns at the very instants', () => {
    expect(standing(9.99, 10, 15)).toBe('in_time');
    expect(standing(10, 10, 15)).toBe('at_risk');
    expect(standing(14.99, 10, 15)).toBe('at_risk');
    expect(standing(15, 10, 15)).toBe('breached');
  });
});

describe('percent', () => {
  it.each([
    [1, '100.0%'],
    [0.95, '95.0%'],
    [0.9499, '94.9%'],
    [0.9996, '99.9%'],
    [0.29, '29.0%'],
    [0, '0.0%'],
    [null, null],
    [undefined, null],
  ])('%s reads %s', (value, text) => {
    expect(percent(value)).toBe(text);
  });
});

describe('ServerClock', () => {
  it('runs on the server’s time whatever the local clock says', () => {
    const clock = new ServerClock();
    clock.hear(1000, 5000);
    expect(clock.at(5003)).toBe(1003);
  });

  it('trusts the message that travelled fastest', () => {
    const clock = new ServerClock();
    clock.hear(1000, 5000.4);
    clock.hear(1001, 5001.1);
    clock.hear(1002, 5002.9);
    expect(clock.at(5003)).toBeCloseTo(1002.9);
  });

  it('starts over when reset, as after a step of the server’s clock', () => {
    const clock = new ServerClock();
    clock.hear(9000, 5000);
    clock.reset();
    clock.hear(1000, 5001);
    expect(clock.at(5002)).toBe(1001);
  });
});

describe('timeOfDay', () => {
  it('is the hotline’s time, not the browser’s', () => {
    expect(timeOfDay(1_764_000_000, 'Asia/Shanghai', true)).toBe('00:00:00');
    expect(timeOfDay(1_764_000_000, 'UTC')).toBe('16:00');
  });
});
