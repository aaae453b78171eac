import { describe, expect, it } from 'vitest';
import { mergePatch } from '../src/merge';

describe('mergePatch', () => {
  // The cases of RFC 7396, appendix A.
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [['a', 'b'], ['c', 'd'], ['c', 'd']],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j patched with %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it('changes neither argument and keeps what the patch does not name', () => {
    const target = { lines: { u1: { text: '您好' }, u2: { text: '噪' } }, ticket: { place: { value: '' } } };
    const before = structuredClone(target);
    const result = mergePatch(target, { lines: { u2: { text: '噪音' } } }) as typeof target;
    expect(target).toEqual(before);
    expect(result.lines.u1).toBe(target.lines.u1);
    expect(result.ticket).toBe(target.ticket);
    expect(result.lines.u2).toEqual({ text: '噪音' });
  });

  it('is not led astray by names of the prototype', () => {
    const result = mergePatch({}, { toString: { a: 1 } }) as Record<string, unknown>;
    expect(result.toString).toEqual({ a: 1 });
  });
});
