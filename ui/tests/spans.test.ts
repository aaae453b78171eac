import { describe, expect, it } from 'vitest';
import type { Evidence } from '../src/contract';
import { markEvidence } from '../src/spans';

function evidence(start: number, end: number, text: string): Evidence {
  return { utterance_id: 'u', start, end, second: 0, text };
}

describe('markEvidence', () => {
  it('marks the words', () => {
    expect(markEvidence('在中山北路吵', [evidence(1, 5, '中山北路')])).toEqual([
      { text: '在', marked: false },
      { text: '中山北路', marked: true },
      { text: '吵', marked: false },
    ]);
  });

  it('counts characters, not UTF-16 units', () => {
    expect(markEvidence('𠮷祥路', [evidence(1, 3, '祥路')])).toEqual([
      { text: '𠮷', marked: false },
      { text: '祥路', marked: true },
    ]);
  });

  it('finds words that moved and leaves out words that are gone', () => {
    expect(markEvidence('那个在中山路', [evidence(1, 4, '中山路')]).at(-1)).toEqual({ text: '中山路', marked: true });
    expect(markEvidence('没有了', [evidence(0, 3, '中山路')])).toEqual([{ text: '没有了', marked: false }]);
  });

  it('joins spans that overlap', () => {
    const parts = markEvidence('中山北路口', [evidence(0, 3, '中山北'), evidence(2, 5, '北路口')]);
    expect(parts).toEqual([{ text: '中山北路口', marked: true }]);
  });

  it('says what was heard where the text was corrected', () => {
    expect(markEvidence('我在人民路', [], [{ start: 2, end: 5, heard: '人名路' }])).toEqual([
      { text: '我在', marked: false },
      { text: '人民路', marked: false, heard: '人名路' },
    ]);
  });

  it('cuts where evidence and corrections overlap', () => {
    const parts = markEvidence('在人民路8号', [evidence(1, 6, '人民路8号')], [{ start: 0, end: 3, heard: '再人名' }]);
    expect(parts).toEqual([
      { text: '在', marked: false, heard: '再人名' },
      { text: '人民', marked: true, heard: '再人名' },
      { text: '路8号', marked: true },
    ]);
  });

  it('keeps corrections that touch apart', () => {
    const twice = [
      { start: 0, end: 1, heard: '幅' },
      { start: 1, end: 2, heard: '里' },
    ];
    expect(markEvidence('福里', [], twice).map((part) => part.heard)).toEqual(['幅', '里']);
  });
});
