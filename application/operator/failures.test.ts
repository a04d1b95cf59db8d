import { expect, test } from 'vitest';
import { newProject } from '../ports/databases.contract.ts';
import { Refused } from '../errors.ts';
import { command, makeHarness, METADATA, request, runToRest } from '../testing/project-harness.ts';
import { failuresNow } from './platform-state.ts';
import { retryStep } from './retry-step.ts';

test('what is stuck is told with why, until an operator has it tried again', async () => {
  const harness = makeHarness();
  const [stuck, fine] = [newProject(), newProject()];
  for (const id of [stuck, fine]) {
    await command(harness, id, request(id));
    await runToRest(harness, id);
  }
  await command(harness, stuck, { kind: 'PauseProject' });
  const remove = harness.dataApis.remove.bind(harness.dataApis);
  harness.dataApis.remove = () => Promise.reject(new Refused('somebody holds it'));
  await runToRest(harness, stuck);
  const troubled = () => Promise.resolve([stuck, fine]);
  const told = await failuresNow({ store: harness.store, troubled });
  expect(told).toMatchObject([{ projectId: stuck, status: 'suspended', waitsFor: { until: null } }]);
  expect(told[0]?.advice).toContain(`retry ${stuck}`);
  harness.dataApis.remove = remove;
  await retryStep(harness, stuck, METADATA);
  await runToRest(harness, stuck);
  expect(await failuresNow({ store: harness.store, troubled })).toEqual([]);
});
