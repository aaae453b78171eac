/** A call's words and what is missing between them, in the order in which they are read. */

import type { Evidence, Gap, Line, Speaker } from './contract';

/** Seconds of one side or of both that nobody transcribed. */
export interface Missing {
  speakers: readonly Speaker[];
  start: number;
  end: number;
  reason: string;
}

export type Entry = { key: string; line: Line } | { key: string; missing: Missing };

/** Both sides of one loss begin and end about together. */
const TOGETHER_SECONDS = 2;

/** What a recording still holds: its transcript has no such gaps. */
const RECORDED = new Set(['decoder_behind', 'engine_error', 'flush_timeout']);

/** Lines and gaps by the instant they begin. */
export function entries(lines: Record<string, Line>, gaps: Record<string, Gap>, fromRecording = false): Entry[] {
  const shown = Object.values(gaps).filter((gap) => !(fromRecording && RECORDED.has(gap.reason)));
  const found: { start: number; entry: Entry }[] = [
    ...Object.values(lines).map((line) => ({ start: line.start, entry: { key: line.utterance_id, line } })),
    ...joined(shown).map((missing, number) => ({ start: missing.start, entry: { key: `gap-${number}`, missing } })),
  ];
  return found
    .sort((a, b) => a.start - b.start || a.entry.key.localeCompare(b.entry.key))
    .map(({ entry }) => entry);
}

/** A gap that both sides have is one. */
function joined(gaps: readonly Gap[]): Missing[] {
  const found: Missing[] = [];
  for (const gap of [...gaps].sort((a, b) => a.start - b.start)) {
    const same = found.find(
      (each) =>
        each.reason === gap.reason &&
        !each.speakers.includes(gap.speaker) &&
        Math.abs(each.start - gap.start) <= TOGETHER_SECONDS &&
        Math.abs(each.end - gap.end) <= TOGETHER_SECONDS,
    );
    if (same === undefined) {
      found.push({ speakers: [gap.speaker], start: gap.start, end: gap.end, reason: gap.reason });
      continue;
    }
    same.speakers = [...same.speakers, gap.speaker];
    same.end = Math.max(same.end, gap.end);
  }
  return found;
}

/**
 * Which line shows which evidence. A revised transcript has other lines than those the evidence names: there it
 * belongs to the line that was spoken at its second and has its words.
 */
export function evidenceByLine(lines: Record<string, Line>, evidence: readonly Evidence[]): Map<string, Evidence[]> {
  const found = new Map<string, Evidence[]>();
  for (const each of evidence) {
    const line = lines[each.utterance_id] ?? lineAt(lines, each);
    if (line === undefined) continue;
    found.set(line.utterance_id, [...(found.get(line.utterance_id) ?? []), each]);
  }
  return found;
}

function lineAt(lines: Record<string, Line>, evidence: Evidence): Line | undefined {
  return Object.values(lines)
    .filter((line) => line.text.includes(evidence.text))
    .sort((a, b) => away(a, evidence.second) - away(b, evidence.second))
    .find((line) => away(line, evidence.second) <= TOGETHER_SECONDS);
}

/** Seconds between an instant and a line; zero within it. */
function away(line: Line, second: number): number {
  return Math.max(0, line.start - second, second - line.end);
}
