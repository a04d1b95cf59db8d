import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../../application/errors.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import {
  SMALL_BOUNDS,
  tenantConnectionsContract,
} from '../../application/ports/tenant-connections.contract.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import { BoundedTenantConnections } from './bounded-tenant-connections.ts';
import { inMemoryTenantSessions } from './in-memory-tenant-sessions.ts';

tenantConnectionsContract('in memory', () => {
  const out = new Set<ProjectId>();
  const sessions = inMemoryTenantSessions({
    bounds: SMALL_BOUNDS,
    login: (project, name) => {
      if (name !== 'authenticator') return Promise.reject(new Refused('no such login'));
      return Promise.resolve().then(() => requireServed({ status: out.has(project) ? 'paused' : 'active' }));
    },
    async answer(_project, _login, values, text, [given]) {
      if (text === 'put') values.set(String(given), true);
      if (text === 'take') await sleep(Number(given), undefined, { ref: false });
      if (text === 'fail')
        throw new SqlFailed('no', { code: '22012', position: null, detail: null, hint: null });
      return text === 'all' ? [...values.keys()].map((value) => ({ value })) : [];
    },
  });
  const connections = new BoundedTenantConnections(sessions, SMALL_BOUNDS);
  return Promise.resolve({
    connections,
    projects: [newProject(), newProject()] as const,
    put: (connection, value) => connection.query('put', [value]),
    all: async (connection) =>
      (await connection.query<{ value: string }>('all')).rows.map(({ value }) => value),
    take: (connection, ms) => connection.query('take', [ms]),
    fail: (connection) => connection.query('fail'),
    changePassword: () => Promise.resolve(),
    cutOff: (project) => Promise.resolve(void out.add(project)),
    letIn: (project) => Promise.resolve(void out.delete(project)),
    busy: () => Promise.resolve(0),
    close: () => connections.close(),
  });
});
