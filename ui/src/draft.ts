/**
 * One ticket field under the agent's hands.
 *
 * What was typed wins over what arrives until the server has confirmed it as the agent's own value; a refused or
 * failed save keeps the text and says so.
 */

import { computed, shallowRef, type ComputedRef, type ShallowRef } from 'vue';
import type { TicketField } from './contract';

export type DraftStatus = 'clean' | 'editing' | 'saving' | 'saved' | 'failed';

export interface FieldDraft {
  text: ComputedRef<string>;
  status: ShallowRef<DraftStatus>;
  error: ShallowRef<string>;
  type(value: string): void;
  /** Save what was typed; `force` also saves an untouched value, which confirms the machine's proposal. */
  commit(force?: boolean): Promise<void>;
  /** Forget what was typed since the last save. */
  revert(): void;
  /** To be called when the server's field changed. */
  settle(): void;
}

export function fieldDraft(
  server: () => TicketField | undefined,
  save: (value: string) => Promise<unknown>,
): FieldDraft {
  const typed = shallowRef<string | null>(null);
  const status = shallowRef<DraftStatus>('clean');
  const error = shallowRef('');
  const text = computed(() => typed.value ?? server()?.value ?? '');
  let flight: Promise<void> | null = null;
  let before: TicketField | undefined;

  function clear(): void {
    typed.value = null;
    status.value = 'clean';
    error.value = '';
  }

  function settle(): void {
    const now = server();
    if (status.value !== 'saved' || now?.by !== 'agent') return;
    if (now !== before || now.value === typed.value) clear();
  }

  async function send(value: string): Promise<void> {
    typed.value = value;
    status.value = 'saving';
    error.value = '';
    before = server();
    try {
      await save(value);
    } catch (reason) {
      if (typed.value === value) {
        status.value = 'failed';
        error.value = reason instanceof Error ? reason.message : '';
      }
      return;
    }
    if (typed.value === value) {
      status.value = 'saved';
      settle();
    }
  }

  return {
    text,
    status,
    error,
    type(value) {
      typed.value = value;
      status.value = 'editing';
      error.value = '';
    },
    async commit(force = false) {
      if (flight !== null) await flight;
      const open = status.value === 'editing' || status.value === 'failed';
      if (!open && !force) return;
      const value = text.value;
      if (!force && status.value === 'editing' && value === (server()?.value ?? '')) {
        clear();
        return;
      }
      flight = send(value).finally(() => {
        flight = null;
      });
      await flight;
    },
    revert: clear,
    settle,
  };
}
