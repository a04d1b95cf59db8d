import { auditTrail } from '../../projections/audit-trail/audit-trail.ts';
import { desiredDataApis } from '../../projections/desired-data-apis/desired-data-apis.ts';
import { projectList } from '../../projections/project-list/project-list.ts';
import type { Projection } from '../../projections/projection.ts';
import { provisioningProgress } from '../../projections/provisioning-progress/provisioning-progress.ts';
import { processTable } from './process-table.ts';

/** Every view of the platform: what runs beside the log, and what a replay rebuilds. */
export const views: readonly Projection[] = [
  projectList,
  provisioningProgress(processTable),
  auditTrail,
  desiredDataApis,
];
