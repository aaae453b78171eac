import { describe, expect, it } from 'vitest';
import type { Evidence, Gap, Line } from '../src/contract';
import { entries, evidenceByLine, type Entry } from '../src/transcript';

function line(id: string, start: number, text = '喂', more: Partial<Line> = {}): Line {
  return { utterance_id: id, speaker: 'caller', text, start, end: start + 2, final: true, ...more };
}

function gap(start: number, end: number, more: Partial<Gap> = {}): Gap {
  return { speaker: 'caller', start, end, reason: 'worker_lost', ...more };
}

function lines(...all: Line[]): Record<string, Line> {
  return Object.fromEntries(all.map((each) => [each.utterance_id, each]));
}

/** An entry in one word: the line's id, or sides and seconds of what is missing. */
function word(entry: Entry): string {
  if ('line' in entry) return entry.line.utterance_id;
  return `${entry.missing.speakers.join('+')} ${entry.missing.start}-${entry.missing.end}`;
}

describe('entries', () => {
  it('puts gaps between the lines', () => {
    const found = entries(lines(line('c2', 20), line('c1', 5)), { g1: gap(10, 15) });
    expect(found.map(word)).toEqual(['c1', 'caller 10-15', 'c2']);
  });

  it('joins what both sides lost together, and nothing else', () => {
    const found = entries(lines(), {
      g1: gap(10, 15),
      g2: gap(10.4, 15.2, { speaker: 'agent' }),
      g3: gap(10, 15, { speaker: 'agent', reason: 'no_audio' }),
      g4: gap(40, 45, { speaker: 'agent' }),
    });
    expect(found.map(word)).toEqual(['caller+agent 10-15.2', 'agent 10-15', 'agent 40-45']);
  });

  it('leaves out of a revised transcript what the recording still had', () => {
    const gaps = { g1: gap(10, 15, { reason: 'decoder_behind' }), g2: gap(20, 25) };
    expect(entries(lines(), gaps).map(word)).toEqual(['caller 10-15', 'caller 20-25']);
    expect(entries(lines(), gaps, true).map(word)).toEqual(['caller 20-25']);
  });

  it('keeps keys that a page can tell apart', () => {
    const keys = entries(lines(line('c1', 5)), { g1: gap(1, 2), g2: gap(3, 4) }).map((entry) => entry.key);
    expect(new Set(keys).size).toBe(3);
  });
});

describe('evidenceByLine', () => {
  const said: Evidence = { utterance_id: 'c1', start: 0, end: 3, second: 6, text: '人民路' };

  it('belongs to the utterance it names', () => {
    expect([...evidenceByLine(lines(line('c1', 5), line('c2', 6, '人民路')), [said]).keys()]).toEqual(['c1']);
  });

  it('is found by its second and its words in a revised transcript', () => {
    const revised = lines(line('r1', 5, '在路上'), line('r2', 7, '在人民路'), line('r3', 60, '人民路'));
    expect([...evidenceByLine(revised, [said]).keys()]).toEqual(['r2']);
  });

  it('is left out where nobody said it at that time', () => {
    expect(evidenceByLine(lines(line('r3', 60, '人民路')), [said]).size).toBe(0);
  });
});
