import { allProcesses } from '../../application/process-managers/processes.ts';
import type { World } from '../../application/desired/world.ts';
import type { ProcessTable } from '../../projections/process-runs/process-run.ts';

/** The steps of every process as the progress view shows them; what they act upon does not matter here. */
export const processTable: ProcessTable = Object.fromEntries(
  Object.values(allProcesses({} as World)).map(({ name, steps }) => [
    name,
    steps.map((step) => ({ step: step.name, records: step.records, undoes: step.undo?.records ?? null })),
  ]),
) as unknown as ProcessTable;
