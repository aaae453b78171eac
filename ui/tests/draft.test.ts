import { describe, expect, it } from 'vitest';
import { shallowRef } from 'vue';
import type { TicketField } from '../src/contract';
import { fieldDraft, type FieldDraft } from '../src/draft';
import { leaveSheet, takeSheet } from '../src/sheet';

function field(value: string, by: TicketField['by'] = 'machine'): TicketField {
  return { name: 'place', value, confidence: 1, by, rule: '', evidence: [] };
}

interface Desk {
  draft: FieldDraft;
  saved: string[];
  arrive(value: TicketField): void;
  answer(error?: Error): Promise<void>;
}

/** A field whose saves are answered by hand. */
function desk(first?: TicketField): Desk {
  const server = shallowRef(first);
  const saved: string[] = [];
  let settle: ((error?: Error) => void) | undefined;
  const draft = fieldDraft(
    () => server.value,
    (value) => {
      saved.push(value);
      return new Promise<void>((resolve, reject) => {
        settle = (error) => (error === undefined ? resolve() : reject(error));
      });
    },
  );
  return {
    draft,
    saved,
    arrive(value) {
      server.value = value;
      draft.settle();
    },
    async answer(error) {
      settle?.(error);
      await new Promise((resolve) => setTimeout(resolve));
    },
  };
}

describe('fieldDraft', () => {
  it('shows what the machine proposes until somebody types', () => {
    const d = desk(field('中山路'));
    expect(d.draft.text.value).toBe('中山路');
    d.arrive(field('中山北路'));
    expect(d.draft.text.value).toBe('中山北路');
  });

  it('keeps the typed text whatever arrives', () => {
    const d = desk(field('中山路'));
    d.draft.type('鼓楼');
    d.arrive(field('中山北路'));
    expect(d.draft.text.value).toBe('鼓楼');
    expect(d.draft.status.value).toBe('editing');
  });

  it('saves once, and hands over when the server says it is the agent’s', async () => {
    const d = desk(field('中山路'));
    d.draft.type('鼓楼');
    void d.draft.commit();
    void d.draft.commit();
    d.arrive(field('中山北路'));
    expect(d.draft.text.value).toBe('鼓楼');
    await d.answer();
    expect(d.draft.status.value).toBe('saved');
    expect(d.draft.text.value).toBe('鼓楼');
    d.arrive(field('鼓楼', 'agent'));
    expect(d.draft.status.value).toBe('clean');
    expect(d.saved).toEqual(['鼓楼']);
  });

  it('takes the delta before the answer as well', async () => {
    const d = desk(field('中山路'));
    d.draft.type('鼓楼');
    void d.draft.commit();
    d.arrive(field('鼓楼', 'agent'));
    await d.answer();
    expect(d.draft.status.value).toBe('clean');
    expect(d.draft.text.value).toBe('鼓楼');
  });

  it('does not fall back to the agent’s older value while a newer one is on its way', async () => {
    const d = desk(field('旧', 'agent'));
    d.draft.type('新');
    void d.draft.commit();
    await d.answer();
    expect(d.draft.text.value).toBe('新');
    d.arrive(field('新', 'agent'));
    expect(d.draft.status.value).toBe('clean');
  });

  it('keeps on editing when more was typed during the save', async () => {
    const d = desk(field('中山路'));
    d.draft.type('鼓');
    void d.draft.commit();
    d.draft.type('鼓楼');
    await d.answer();
    d.arrive(field('鼓', 'agent'));
    expect(d.draft.text.value).toBe('鼓楼');
    expect(d.draft.status.value).toBe('editing');
  });

  it('keeps the text of a failed save and saves it on the next try', async () => {
    const d = desk(field('中山路'));
    d.draft.type('鼓楼');
    void d.draft.commit();
    await d.answer(new Error('away'));
    expect(d.draft.status.value).toBe('failed');
    expect(d.draft.error.value).toBe('away');
    d.arrive(field('中山北路'));
    expect(d.draft.text.value).toBe('鼓楼');
    void d.draft.commit();
    await d.answer();
    expect(d.saved).toEqual(['鼓楼', '鼓楼']);
    expect(d.draft.status.value).toBe('saved');
  });

  it('saves nothing when nothing changed, unless told to confirm', async () => {
    const d = desk(field('中山路'));
    await d.draft.commit();
    d.draft.type('中山');
    d.draft.type('中山路');
    await d.draft.commit();
    expect(d.saved).toEqual([]);
    expect(d.draft.status.value).toBe('clean');
    void d.draft.commit(true);
    await d.answer();
    expect(d.saved).toEqual(['中山路']);
  });

  it('can empty a field', async () => {
    const d = desk(field('中山路'));
    d.draft.type('');
    void d.draft.commit();
    await d.answer();
    expect(d.saved).toEqual(['']);
    expect(d.draft.text.value).toBe('');
  });
});

describe('sheets', () => {
  it('come back with what could not be saved, and are forgotten once saved', async () => {
    let away = true;
    const saved: string[] = [];
    const save = (callId: string, name: string, value: string): Promise<void> => {
      if (away) return Promise.reject(new Error('away'));
      saved.push(`${callId} ${name} ${value}`);
      return Promise.resolve();
    };
    const first = takeSheet('c1', save);
    first.update({ place: field('中山路') });
    first.draft('place').type('鼓楼');
    await leaveSheet(first);
    const again = takeSheet('c1', save);
    expect(again.draft('place').text.value).toBe('鼓楼');
    away = false;
    await leaveSheet(again);
    expect(saved).toEqual(['c1 place 鼓楼']);
    expect(takeSheet('c1', save)).not.toBe(again);
  });

  it('of two calls are two', () => {
    const save = (): Promise<void> => Promise.resolve();
    takeSheet('a', save).draft('place').type('鼓楼');
    expect(takeSheet('b', save).draft('place').text.value).toBe('');
  });
});
