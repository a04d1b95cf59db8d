/** `users import`: from a dump of pg_dump's. */
import { importUsers, planImport, type ImportPlan } from '../../application/auth/import-users.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { Operator } from '../composition/operator.ts';
import type { Given } from './command.ts';
import { dumpLines } from './dump-lines.ts';
import { endProgress, showProgress } from './progress-bar.ts';

const TABLES = new Set(['auth.users', 'auth.identities', 'auth.mfa_factors']);

/** @returns 2 when somebody was left out @throws {Refused} */
export async function runImport(
  auth: Operator['auth'],
  project: ProjectId,
  file: string,
  { flags, say, signal }: Given,
): Promise<number> {
  const source = () => dumpLines(file, TABLES);
  const plan = await planImport(auth, source);
  tellPlan(plan, file, say);
  if (plan.faultCount > 0 && !flags.has('skip-broken')) {
    say('Nothing was imported. Mend these lines, or leave them out with --skip-broken.');
    return 1;
  }
  if (flags.has('dry-run')) return plan.faultCount > 0 ? 2 : 0;
  const [startedAt, total] = [performance.now(), plan.users + plan.identities];
  const progress = (done: number) => {
    const ratePerSecond = done / ((performance.now() - startedAt) / 1000);
    const secondsLeft = Math.max(0, total - done) / ratePerSecond;
    showProgress('import', { done, total, events: done, unit: 'rows', ratePerSecond, secondsLeft });
  };
  const outcome = await importUsers(auth, project, source, progress, signal).finally(endProgress);
  const { imported, alreadyThere, taken, takenCount } = outcome;
  say(`${imported} imported, ${alreadyThere} were there already.`);
  if (takenCount > 0) {
    say(`${takenCount} left out: another user has their address or telephone. ${listed(taken, takenCount)}`);
  }
  return takenCount + plan.faultCount > 0 ? 2 : 0;
}

function tellPlan(plan: ImportPlan, file: string, say: Given['say']): void {
  const { users, identities, factors, skipped, faults, faultCount } = plan;
  say(`${file}: ${users} users, ${identities} identities, ${factors} second factors.`);
  for (const [what, count] of skipped) say(`Left out: ${count} ${what}.`);
  for (const { line, why } of faults) say(`${file}:${line}: ${why}`);
  if (faultCount > faults.length) say(`... and ${faultCount - faults.length} more.`);
}

const listed = (ids: readonly string[], count: number): string =>
  ids.join(', ') + (count > ids.length ? ` and ${count - ids.length} more` : '');
