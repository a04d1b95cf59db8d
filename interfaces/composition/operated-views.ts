/** The views as their operator sees them. */
import type pg from 'pg';
import type { OperatedViews } from '../../application/operator/operated-views.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import { furthestCheckpoint, readCheckpoints } from '../../projections/checkpoints.ts';
import type { Projection } from '../../projections/projection.ts';
import { replay } from '../../projections/replay.ts';
import { parkedEvents, unpark } from '../../projections/unpark.ts';

export function operatedViews(
  projections: readonly Projection[],
  store: EventStore,
  pool: pg.Pool,
): OperatedViews {
  const named = (name: string) => {
    const projection = projections.find((one) => one.name === name);
    if (!projection) throw new Error(`no view ${name}`);
    return projection;
  };
  return {
    names: projections.map(({ name }) => name),
    replay: (names, options) => replay(names.map(named), store, pool, options),
    parked: (name) => parkedEvents(pool, named(name)),
    unpark: (name) => unpark(named(name), store, pool),
    furthest: () => furthestCheckpoint(pool),
    positions: () => readCheckpoints(pool),
  };
}
