import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { sql } from '../../api/sql.ts';
import { OF_DATABASE } from '../../data/ask.ts';
import { maySchemaChange, splitStatements } from '../../data/statements.ts';
import { parsePlan } from './explain-tree.ts';
import type { Outcome, Part } from './runs.ts';

/** Sends parts one after the other, and stops at the first that fails. */
export function useRunner(project: string) {
  const client = useQueryClient();
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);
  const [running, setRunning] = useState(false);
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);

  /** @returns whether all went well */
  const run = async (parts: readonly Part[]): Promise<boolean> => {
    stop.current?.abort();
    const mine = new AbortController();
    stop.current = mine;
    const all: Outcome[] = parts.map((part) => ({ state: 'waiting', part }));
    const show = (at: number, outcome: Outcome) => {
      all[at] = outcome;
      if (stop.current === mine) setOutcomes([...all]);
    };
    setRunning(true);
    let failed = false;
    for (const [at, part] of parts.entries()) {
      if (failed) {
        show(at, { state: 'skipped', part });
        continue;
      }
      show(at, { state: 'running', part });
      const outcome = await outcomeOf(project, part, mine.signal);
      failed = outcome.state === 'failed' || outcome.state === 'cancelled';
      show(at, outcome);
    }
    if (stop.current === mine) setRunning(false);
    if (parts.some(({ sql: text }) => splitStatements(text).some(maySchemaChange)))
      await client.invalidateQueries(OF_DATABASE(project));
    return !failed;
  };
  return { outcomes, running, run, cancel: () => stop.current?.abort() };
}

async function outcomeOf(project: string, part: Part, signal: AbortSignal): Promise<Outcome> {
  try {
    const result = await sql(project, part.sql, [], signal);
    const plan = part.explains ? parsePlan(result.rows[0]?.[0]) : null;
    return plan ? { state: 'plan', part, result, plan } : { state: 'done', part, result };
  } catch (error) {
    return signal.aborted ? { state: 'cancelled', part } : { state: 'failed', part, error };
  }
}
