import { describe, expect, it } from 'vitest';
import type { Finding, SpeechLevel } from '../src/contract';
import en from '../src/messages/en';
import zh from '../src/messages/zh-CN';
import { FIELD_PLACES, placesFor, REQUEST_TYPES } from '../src/fields';

/** `a.b.c` of every text, with the names of its placeholders. */
function texts(tree: object, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const name = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'string') found.set(name, value);
    else texts(value as object, name).forEach((text, inner) => found.set(inner, text));
  }
  return found;
}

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort();
}

describe('messages', () => {
  const chinese = texts(zh);
  const english = texts(en);

  it('have the same keys in both languages', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
  });

  it('have the same placeholders in both languages', () => {
    for (const [key, text] of chinese) expect([key, placeholders(english.get(key) ?? '')]).toEqual([key, placeholders(text)]);
  });

  it('are not empty', () => {
    for (const [key, text] of [...chinese, ...english]) expect([key, text.trim() !== '']).toEqual([key, true]);
  });

  it('name every finding about sound and every level below full', () => {
    const findings: Record<Finding, true> = {
      no_audio: true,
      silence: true,
      noise: true,
      music: true,
      tones: true,
      clipped: true,
      wrong_rate: true,
      too_fast: true,
      too_slow: true,
    };
    const levels: Record<Exclude<SpeechLevel, 'full'>, true> = { no_partials: true, callers_only: true, recorded_only: true };
    for (const finding of Object.keys(findings)) expect([...chinese.keys()]).toContain(`finding.${finding}`);
    for (const level of Object.keys(levels)) {
      expect([...chinese.keys()]).toContain(`wall.speech.${level}`);
      expect([...chinese.keys()]).toContain(`transcript.live.${level}`);
    }
  });

  it('name every field and request type of the ticket', () => {
    for (const { name } of FIELD_PLACES) expect([...chinese.keys()]).toContain(`ticket.fields.${name}`);
    for (const { value, key } of REQUEST_TYPES) expect(chinese.get(`ticket.requestType.${key}`)).toBe(value);
  });
});

describe('placesFor', () => {
  it('puts fields it does not know before the long text', () => {
    const names = placesFor(['place', 'urgency']).map((place) => place.name);
    expect(names.indexOf('urgency')).toBe(names.indexOf('content') - 1);
    expect(names.filter((name) => name === 'place')).toHaveLength(1);
  });
});
