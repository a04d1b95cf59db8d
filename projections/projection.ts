/**
 * What a view is: tables in a schema of their own, filled from events and from nothing else, so that it can be
 * thrown away and built again. Queries name the tables with their schema; `apply` names them bare, because the
 * same code fills the live view and the copy that a rebuild makes beside it.
 */
import type pg from 'pg';
import type { EventFilter, StoredEvent } from '../application/ports/event-store.ts';

export interface Projection {
  /** kebab-case; the tables live in the schema `view_<name>`, with underscores */
  readonly name: string;
  /** counts from 1; a higher number than the one in the database means: build the view anew */
  readonly version: number;
  /** SQL that makes the tables, run once in an empty schema. No sequences, defaults or clocks: a rebuilt row
   * has to equal the live one byte for byte. */
  readonly schemaUrl: URL;
  /** SQL that makes the indexes that queries need, beside the keys; run once, when the first rows are there */
  readonly indexesUrl?: URL;
  readonly filter?: EventFilter;
  /**
   * Writes what the events mean, in order. The checkpoint is part of the same transaction, so each event
   * arrives exactly once; any split into batches must give the same rows. No effects but on its own tables.
   */
  apply(events: readonly StoredEvent[], tx: pg.ClientBase): Promise<void>;
}

/** Where a projection writes: the live view, or the copy that a rebuild fills. */
export interface Target {
  readonly projection: Projection;
  readonly schema: string;
  /** the name under which its parked events are kept */
  readonly parkedAs: string;
}

const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** @throws {TypeError} when the name cannot name a schema */
export function liveTarget(projection: Projection): Target {
  if (!NAME.test(projection.name)) throw new TypeError('not a name of a projection');
  return {
    projection,
    schema: `view_${projection.name.replaceAll('-', '_')}`,
    parkedAs: projection.name,
  };
}

export function nextTarget(projection: Projection): Target {
  const live = liveTarget(projection);
  return { projection, schema: `${live.schema}__next`, parkedAs: `${live.parkedAs}__next` };
}

/** The structural part of a log that projections write to. */
export interface ProjectionLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
