/**
 * What an agent typed into one call's ticket. It outlives the form: a next call may push the form off the desk
 * before everything was saved, and the text must be there when the ticket comes back.
 */

import { shallowRef } from 'vue';
import type { TicketField } from './contract';
import { fieldDraft, type FieldDraft } from './draft';

export type SaveField = (callId: string, name: string, value: string) => Promise<unknown>;

export class TicketSheet {
  private readonly fields = shallowRef<Record<string, TicketField>>({});
  private readonly drafts = new Map<string, FieldDraft>();

  constructor(
    readonly callId: string,
    private readonly save: SaveField,
  ) {}

  /** The server's fields changed. */
  update(fields: Record<string, TicketField>): void {
    this.fields.value = fields;
    this.drafts.forEach((draft) => draft.settle());
  }

  draft(name: string): FieldDraft {
    let draft = this.drafts.get(name);
    if (draft === undefined) {
      draft = fieldDraft(
        () => this.fields.value[name],
        (value) => this.save(this.callId, name, value),
      );
      this.drafts.set(name, draft);
    }
    return draft;
  }

  get saved(): boolean {
    return [...this.drafts.values()].every(({ status }) => status.value === 'clean' || status.value === 'saved');
  }

  /** Save everything typed; false when something could not be saved. */
  async saveAll(): Promise<boolean> {
    await Promise.all([...this.drafts.values()].map((draft) => draft.commit()));
    return this.saved;
  }
}

/** Sheets with unsaved text that are kept at most; the oldest goes first. */
const KEPT = 20;
const sheets = new Map<string, TicketSheet>();

/** The call's sheet, with what was typed before if any. */
export function takeSheet(callId: string, save: SaveField): TicketSheet {
  const sheet = sheets.get(callId) ?? new TicketSheet(callId, save);
  sheets.delete(callId);
  sheets.set(callId, sheet);
  for (const oldest of sheets.keys()) {
    if (sheets.size <= KEPT) break;
    sheets.delete(oldest);
  }
  return sheet;
}

/** The form is gone: save what is open, and forget the sheet once all of it is saved. */
export async function leaveSheet(sheet: TicketSheet): Promise<void> {
  if (await sheet.saveAll()) sheets.delete(sheet.callId);
}
