import { expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { usageOf, type PoolRow } from './pool-usage.ts';

const idOf = (number: number) => projectId(`proj_${number.toString(16).padStart(16, '0')}`);
const QUIET = {
  cl_active: '0',
  cl_waiting: '0',
  sv_active: '0',
  sv_idle: '0',
  sv_used: '0',
  sv_tested: '0',
  sv_login: '0',
  maxwait: '0',
  maxwait_us: '0',
};
const row = (database: string, more: Partial<PoolRow>): PoolRow => ({ database, ...QUIET, ...more });

test('the logins of a project are added up, and of one that nobody uses there is nothing but that', () => {
  const [busy, quiet] = [idOf(1), idOf(2)];
  const pools = [
    row(busy, { cl_active: '2', sv_active: '1', sv_used: '3', maxwait: '1', maxwait_us: '500000' }),
    row('pgbouncer', { cl_active: '9' }),
    row(busy, { cl_active: '1', cl_waiting: '4', sv_login: '1', sv_idle: '1', maxwait_us: '2000' }),
  ];
  const stats = [
    { database: busy, total_xact_count: '70' },
    { database: 'pgbouncer', total_xact_count: '5' },
  ];
  expect(usageOf([busy, quiet], pools, stats)).toEqual([
    {
      project: busy,
      clients: { active: 3, waiting: 4 },
      servers: { active: 2, idle: 4 },
      maxWaitMs: 1_500,
      transactions: 70,
    },
    {
      project: quiet,
      clients: { active: 0, waiting: 0 },
      servers: { active: 0, idle: 0 },
      maxWaitMs: 0,
      transactions: 0,
    },
  ]);
});

test('each row is looked at once, however many projects there are', () => {
  const projects = Array.from({ length: 100 }, (_, number) => idOf(number));
  let looks = 0;
  const pools = projects.map((project) => ({
    ...row(project, { cl_active: '1' }),
    get database() {
      looks++;
      return project;
    },
  }));
  expect(usageOf(projects, pools, []).map(({ clients }) => clients.active)).toEqual(projects.map(() => 1));
  expect(looks).toBe(projects.length);
});
