import { expect, test } from 'vitest';
import type { ProjectCommand } from '../../domain/project/project.ts';
import { newProject } from '../ports/databases.contract.ts';
import { command, makeHarness, request, runToRest } from '../testing/project-harness.ts';
import { removePurgedFiles } from './remove-purged-files.ts';

test('late files of a purged project are removed; of any other one, and of one that nobody knows, none', async () => {
  const harness = makeHarness();
  const { store, files } = harness;
  const deletion: ProjectCommand = { kind: 'DeleteProject', purgeAfter: new Date(Date.UTC(2031, 0, 1)) };
  const ways: Readonly<Record<string, readonly ProjectCommand[]>> = {
    active: [],
    paused: [{ kind: 'PauseProject' }],
    deleted: [deletion],
    purged: [{ kind: 'PurgeProject' }],
  };
  const made = new Map([['unknown', newProject()]]);
  for (const [status, commands] of Object.entries(ways)) {
    const id = newProject();
    await command(harness, id, request(id, status));
    await runToRest(harness, id);
    for (const asked of commands) await command(harness, id, asked);
    expect((await runToRest(harness, id)).status).toBe(status);
    made.set(status, id);
  }
  for (const id of made.values()) files.put(id, 10);
  const signal = new AbortController().signal;
  const bytes = {
    async *projects() {
      await Promise.resolve();
      yield* made.values();
    },
  };
  expect(await removePurgedFiles({ store, bytes, files }, signal)).toEqual([made.get('purged')]);
  for (const [status, id] of made)
    expect([status, (await files.taken(id, signal)).files]).toEqual([status, status === 'purged' ? 0 : 1]);
});
