/** A projection for tests of what runs projections: it counts, notices what comes twice, and can fail. */
import type pg from 'pg';
import type { EventStore, StoredEvent } from '../application/ports/event-store.ts';
import { foldRows } from './keyed-rows.ts';
import { record } from './projection.contract.ts';
import type { Projection } from './projection.ts';

interface Tally {
  readonly stream: string;
  /** each event of the stream as `revision:outcome`, in the order of arrival */
  readonly seen: string;
}

export interface TallyOptions {
  readonly version?: number;
  /** after the rows of a batch are written, before its checkpoint is committed */
  readonly afterRows?: (events: readonly StoredEvent[], tx: pg.ClientBase) => Promise<void>;
  /** throws for what the code stumbles over */
  readonly onEvent?: (outcome: string) => void;
}

export const tally = ({ version = 1, afterRows, onEvent }: TallyOptions = {}): Projection => ({
  name: 'tally',
  version,
  schemaUrl: new URL('tally.contract.sql', import.meta.url),
  filter: { streamPrefix: 'test-' },
  async apply(events, tx) {
    const fold = {
      table: 'tallies',
      key: 'stream',
      keyOf: ({ stream }: StoredEvent) => stream,
      fold(row: Tally | undefined, own: readonly StoredEvent[]): Tally {
        let seen = row?.seen ?? '';
        for (const { revision, data } of own) {
          const { reason: outcome } = data as { reason: string };
          onEvent?.(outcome);
          seen += `${revision}:${outcome} `;
        }
        return { stream: own[0]?.stream ?? '', seen };
      },
    } as const;
    await foldRows<Tally>(tx, fold, events);
    await afterRows?.(events, tx);
  },
});

/** Appends one event for each outcome to the stream `test-<name>`. */
export const note = (
  store: Pick<EventStore, 'append'>,
  name: string,
  ...outcomes: readonly string[]
): Promise<bigint> =>
  record(
    store,
    `test-${name}`,
    outcomes.map((outcome) => ({ type: 'OwnerSessionRevoked', data: { reason: outcome } })),
  );

/** What the live view has seen, by name. */
export async function seen(pool: pg.Pool): Promise<Record<string, string>> {
  const { rows } = await pool.query<Tally>('SELECT stream, seen FROM view_tally.tallies ORDER BY stream');
  return Object.fromEntries(rows.map((row) => [row.stream.slice('test-'.length), row.seen.trim()]));
}

/** What `seen` gives for a stream of which nothing is missing and nothing came twice. */
export const allOf = (count: number, outcome = 'ok'): string =>
  Array.from({ length: count }, (_, revision) => `${revision}:${outcome}`).join(' ');
