/** The columns that repeat a part of the payload. */
export interface IndexColumns {
  readonly event_id: string;
  readonly type: string;
  readonly subject: string | null;
  readonly activity_span_id: string | null;
  readonly session_span_id: string | null;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

export const INDEX_COLUMNS = [
  'event_id',
  'type',
  'subject',
  'activity_span_id',
  'session_span_id',
  'timestamp',
] as const satisfies readonly (keyof IndexColumns)[];

/** What the index columns must hold by an event, which after a change of the database may be any object. */
export function indexColumnsOf(event: object): IndexColumns {
  return {
    event_id: textOf(event, 'event_id') ?? '',
    type: textOf(event, 'type') ?? '',
    subject: textOf(event, 'subject'),
    activity_span_id: textOf(event, 'activity_span_id'),
    session_span_id: textOf(event, 'session_span_id'),
    timestamp: Date.parse(textOf(event, 'timestamp') ?? ''),
  };
}

function textOf(event: object, name: string): string | null {
  const member: unknown = Reflect.get(event, name);
  return typeof member === 'string' ? member : null;
}
