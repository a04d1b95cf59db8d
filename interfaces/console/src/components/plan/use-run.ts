import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { processTablesQuery, useProjectEvents, type ProjectEvent } from '../../api/project-events.ts';
import { foldSteps, type Run } from './fold-steps.ts';

/** The latest process of a project, and whether what is shown of it is told live. */
export function useRun(project: string): { readonly run: Run | undefined; readonly live: boolean } {
  const { data: tables } = useQuery(processTablesQuery);
  const [events, setEvents] = useState<readonly ProjectEvent[]>([]);
  const [live, setLive] = useState(true);
  useProjectEvents(
    project,
    (event) =>
      setEvents((before) =>
        before.some(({ revision }) => revision === event.revision) ? before : [...before, event],
      ),
    setLive,
  );
  const run = useMemo(
    () => tables && events.reduce<Run | undefined>((one, event) => foldSteps(tables, one, event), undefined),
    [tables, events],
  );
  return { run, live };
}
