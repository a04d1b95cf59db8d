import { auditTrail } from '../../projections/audit-trail/audit-trail.ts';
import { desiredProjects } from '../../projections/desired-projects/desired-projects.ts';
import { projectList } from '../../projections/project-list/project-list.ts';
import type { Projection } from '../../projections/projection.ts';
import { processRuns } from '../../projections/process-runs/process-runs.ts';
import { processTable } from './process-table.ts';

/** Every view of the platform: what runs beside the log, and what a replay rebuilds. */
export const views: readonly Projection[] = [
  projectList,
  processRuns(processTable),
  auditTrail,
  desiredProjects,
];
