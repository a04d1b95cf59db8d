import { allProcesses } from '../../application/process-managers/processes.ts';
import type { World } from '../../application/desired/world.ts';
import type { ProcessTable } from '../../projections/process-runs/process-run.ts';

/** Every process with its steps, to be shown; what they act upon does not matter here. */
export const processes = allProcesses({} as World);

/** As the progress view shows them. */
export const processTable: ProcessTable = Object.fromEntries(
  Object.values(processes).map(({ name, steps }) => [
    name,
    steps.map(({ name: step, beside = false, records, undo }) => ({
      step,
      beside,
      records,
      undoes: undo?.records ?? null,
    })),
  ]),
) as unknown as ProcessTable;
