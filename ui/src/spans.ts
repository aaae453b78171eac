/**
 * Evidence and corrections inside a line's text. Positions count characters as the server does: code points, not
 * UTF-16 units.
 */

import type { Correction, Evidence } from './contract';

/** A piece of the text; `heard`: what was heard where the vocabulary put this. */
export interface Part {
  text: string;
  marked: boolean;
  heard?: string;
}

/**
 * The text cut at the borders of evidence and corrections, which may overlap. Evidence that no longer fits is looked
 * up by its words, else left out.
 */
export function markEvidence(
  text: string,
  evidence: readonly Evidence[],
  corrections: readonly Correction[] = [],
): Part[] {
  if (evidence.length === 0 && corrections.length === 0) return [{ text, marked: false }];
  const letters = Array.from(text);
  const marked = new Array<boolean>(letters.length).fill(false);
  for (const each of evidence) {
    const words = Array.from(each.text);
    let start = each.start;
    let end = each.end;
    if (words.length > 0 && letters.slice(start, end).join('') !== each.text) {
      const found = text.indexOf(each.text);
      if (found < 0) continue;
      start = Array.from(text.slice(0, found)).length;
      end = start + words.length;
    }
    marked.fill(true, start, end);
  }
  const corrected = new Array<Correction | undefined>(letters.length).fill(undefined);
  for (const each of corrections) corrected.fill(each, each.start, each.end);

  const parts: Part[] = [];
  letters.forEach((letter, index) => {
    const last = parts.at(-1);
    const isMarked = marked[index] ?? false;
    const correction = corrected[index];
    if (last !== undefined && last.marked === isMarked && corrected[index - 1] === correction) last.text += letter;
    else parts.push({ text: letter, marked: isMarked, ...(correction ? { heard: correction.heard } : {}) });
  });
  return parts;
}
