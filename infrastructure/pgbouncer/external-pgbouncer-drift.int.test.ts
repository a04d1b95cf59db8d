import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { poolFor } from '../../application/ports/connection-pools.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { launch } from '../process/launch.ts';
import { ask, makePooler, poolerDriftContract } from './pooler-drift.contract.ts';

const SOON = { timeout: 20_000, interval: 100 };

poolerDriftContract('somebody else');

test('one that starts on a damaged list of logins lets us in again, run as docker-compose.yml does', async () => {
  const server = await makePooler('somebody else');
  onTestFinished(() => server.close());
  await server.kill();
  await server.pools.stop();
  await writeFile(server.file('userlist.txt'), '');
  // where its user may enter
  const script = server.file('watched-pgbouncer.sh');
  await copyFile(join(import.meta.dirname, 'watched-pgbouncer.sh'), script);
  const { folder: cwd, user } = server.options;
  const { pid, ended } = await launch({
    command: '/bin/sh',
    args: [script, server.file('pgbouncer.ini'), server.file('reload-wanted')],
    cwd,
    logFile: server.file('log'),
    user,
    env: { PATH: '/usr/sbin:/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin' },
  });
  onTestFinished(async () => {
    process.kill(pid, 'SIGTERM');
    await ended;
  });
  await vi.waitFor(
    () => expect(ask(server, 'SHOW VERSION')).rejects.toThrow(/no such user|authentication/),
    SOON,
  );

  const project = newProject();
  await server.pools.restore([poolFor(project)]);
  await vi.waitFor(async () => expect(await server.pools.list()).toEqual([project]), SOON);
});
