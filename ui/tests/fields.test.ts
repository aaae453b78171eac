import { describe, expect, it } from 'vitest';
import { meant, placesFor, shown } from '../src/fields';

describe('moments', () => {
  it.each([
    ['2025-11-23T22:00', '2025-11-23 22:00'],
    ['2025-11-23 晚上', '2025-11-23 晚上'],
    ['2025-11-23', '2025-11-23'],
    ['每天晚上12点', '每天晚上12点'],
  ])('%s reads as %s, and back', (value, text) => {
    expect(shown(value)).toBe(text);
    expect(meant(text)).toBe(value);
  });

  it.each(['', '2025-11-23 2', '2025-11-23 22:00 ', ' '])('what is being typed stays as it is: "%s"', (text) => {
    expect(shown(meant(text))).toBe(text);
  });
});

describe('places', () => {
  it('keeps unknown fields, before the long text at the end', () => {
    const names = placesFor(['phone', 'weather']).map((place) => place.name);
    expect(names.slice(-2)).toEqual(['weather', 'content']);
  });
});
