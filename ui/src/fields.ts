/** The ticket's fields in the order and width of the form. The server may send more; they follow at the end. */

export interface FieldPlace {
  name: string;
  /** Columns of six. */
  width: 2 | 3 | 6;
  kind: 'line' | 'moment' | 'text' | 'choice';
  /** Known from the call itself; nobody edits it. */
  fixed?: true;
}

export const FIELD_PLACES: readonly FieldPlace[] = [
  { name: 'title', width: 6, kind: 'line' },
  { name: 'request_type', width: 6, kind: 'choice' },
  { name: 'category', width: 3, kind: 'line' },
  { name: 'subcategory', width: 3, kind: 'line' },
  { name: 'place', width: 6, kind: 'line' },
  { name: 'occurred_at', width: 3, kind: 'moment' },
  { name: 'department', width: 3, kind: 'line' },
  { name: 'caller_name', width: 2, kind: 'line' },
  { name: 'caller_number', width: 2, kind: 'line', fixed: true },
  { name: 'phone', width: 2, kind: 'line' },
  { name: 'content', width: 6, kind: 'text' },
];

const MOMENT = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})$/;

/** A field's value as people read it: a moment with a space instead of ISO 8601's T. */
export function shown(value: string): string {
  return value.replace(MOMENT, '$1 $2');
}

/** What a person wrote, as it stands in the ticket; undoes `shown`. */
export function meant(text: string): string {
  return text.replace(MOMENT, '$1T$2');
}

/** 诉求类型 as it stands in the ticket, with the key of its name on the page. */
export const REQUEST_TYPES: readonly { value: string; key: string }[] = [
  { value: '咨询', key: 'consultation' },
  { value: '求助', key: 'help' },
  { value: '投诉', key: 'complaint' },
  { value: '举报', key: 'report' },
  { value: '建议', key: 'suggestion' },
  { value: '表扬', key: 'praise' },
];

/** The places for a ticket that holds these names. */
export function placesFor(names: readonly string[]): FieldPlace[] {
  const known = new Set(FIELD_PLACES.map((place) => place.name));
  const extra = names.filter((name) => !known.has(name)).map((name): FieldPlace => ({ name, width: 6, kind: 'line' }));
  const text = FIELD_PLACES.filter((place) => place.kind === 'text');
  return [...FIELD_PLACES.filter((place) => place.kind !== 'text'), ...extra, ...text];
}
