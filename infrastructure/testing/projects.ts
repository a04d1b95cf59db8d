/** Projects in the test cluster for the tests of every way of running PostgREST. */
import { randomBytes } from 'node:crypto';
import { ROWS } from '../../application/ports/data-apis.contract.ts';
import type { DataApi, DataApis } from '../../application/ports/data-apis.ts';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { Pool } from '../../application/ports/connection-pools.ts';
import type { ProjectSecrets } from '../../application/ports/secrets.ts';
import { poolOf } from '../../application/desired/desired-project.ts';
import { DEFAULT_DATA_API_SETTINGS } from '../../domain/project/events.ts';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { PROJECT_LOGINS } from '../../domain/project/project-logins.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from '../postgres/postgres-databases.ts';
import { latestTemplateVersion } from '../postgres/project-template.ts';
import { testServer } from './server.ts';

const secrets = new AesSecrets(randomBytes(32));

/** @param onLogins told of a project's logins whenever they are new: where there is a pooler, it has to know them */
export async function testProjects(onLogins: (pool: Pool) => Promise<void> = () => Promise.resolve()) {
  const cluster = await testServer();
  const databases = new PostgresDatabases(cluster);
  const logins = new Map<ProjectId, ProjectSecrets>();

  async function give(project: ProjectId, issued: ProjectSecrets): Promise<void> {
    await databases.ensureUsers(project, issued.logins, USUAL_BOUNDS);
    logins.set(project, issued);
    const sealed = secrets.seal(project, issued);
    await onLogins(
      poolOf(
        { secrets, logins: PROJECT_LOGINS, route: 'pooler' },
        { id: project, server: MAIN_SERVER, secrets: sealed, dataApi: DEFAULT_DATA_API_SETTINGS },
      ),
    );
  }

  return {
    cluster,
    databases,
    /** A project with a table of {@link ROWS} numbers that everybody may read. */
    async prepare(): Promise<DataApi> {
      const project = newProject();
      const issued = await secrets.issue();
      await databases.ensureDatabase(project, await latestTemplateVersion());
      await give(project, issued);
      await cluster.inDatabase(project, 'make a table', async (client) => {
        await client.query(`CREATE TABLE public.numbers AS SELECT generate_series(1, ${ROWS}) AS n`);
        await client.query('GRANT SELECT ON public.numbers TO anon');
      });
      const {
        jwtSecret,
        logins: { authenticator },
      } = issued;
      const settings = DEFAULT_DATA_API_SETTINGS;
      return {
        project,
        server: MAIN_SERVER,
        authenticatorPassword: authenticator.password,
        jwtSecrets: [jwtSecret],
        publicKeys: [],
        settings,
        route: 'pooler',
        writes: 'all',
      };
    },
    ownerPassword: (project: ProjectId) => logins.get(project)?.logins.owner.password,
    async changePassword(api: DataApi): Promise<DataApi> {
      const before = logins.get(api.project);
      if (!before) throw new Error('not a project of this test');
      const { authenticator } = (await secrets.issue()).logins;
      await give(api.project, { ...before, logins: { ...before.logins, authenticator } });
      return { ...api, authenticatorPassword: authenticator.password };
    },
    async close(): Promise<void> {
      for (const project of logins.keys()) {
        await databases.dropDatabase(project);
        await databases.removeUsers(project);
      }
      await cluster.close();
    },
  };
}

/** How many of the numbers are served. @throws the request failed */
export async function servedRows(dataApis: DataApis, project: ProjectId, token?: string): Promise<number> {
  const { host, port } = dataApis.endpoint(project) ?? { host: '127.0.0.1', port: 1 };
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  // who took the port of one that ended may never answer
  const signal = AbortSignal.timeout(5_000);
  const response = await fetch(`http://${host}:${port}/numbers`, { headers, signal });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return ((await response.json()) as unknown[]).length;
}
