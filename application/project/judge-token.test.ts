import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { newProject } from '../ports/databases.contract.ts';
import {
  command,
  issued,
  makeHarness,
  request,
  runToRest,
  secrets,
  signingKeys,
} from '../testing/project-harness.ts';
import { judgeToken } from './judge-token.ts';
import { loadProject } from './load-project.ts';

async function sleeping() {
  const harness = makeHarness();
  const id = newProject();
  await command(harness, id, request(id));
  const before = await runToRest(harness, id);
  let [looks, pauses] = [0, 0];
  const dependencies = {
    secrets,
    clock: {
      now: () => new Date(),
      elapsedMs: () => performance.now(),
      sleep: () => Promise.resolve(void pauses++),
    },
    find: async () => (looks++, (await loadProject(harness.store, id))?.project),
  };
  return {
    harness,
    id,
    before,
    judge: (token: string, find = dependencies.find) => judgeToken({ ...dependencies, find }, id, token),
    counts: () => ({ looks, pauses }),
  };
}
const sign = (secret: string) =>
  new SignJWT({ role: 'anon' }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));

test('what is no token costs nothing, a good one a look, a wrong one a second look', async () => {
  const { judge, counts } = await sleeping();
  for (const token of ['', 'k', 'a.b', 'sb_publishable_x', 'a.b.c.d'])
    expect(await judge(token)).toBe('wrong');
  expect(counts()).toEqual({ looks: 0, pauses: 0 });
  expect(await judge(await sign(issued.jwtSecret))).toBe('good');
  expect(counts()).toEqual({ looks: 1, pauses: 0 });
  expect(await judge(await sign('x'.repeat(64)))).toBe('wrong');
  expect(counts()).toEqual({ looks: 3, pauses: 1 });
});

test('keys of a rotation are good before the read model knows of it, and the old ones until they are retired', async () => {
  const { judge, harness, id, before } = await sleeping();
  const fresh = await secrets.issue();
  const rotated = secrets.seal(id, { ...issued, jwtSecret: fresh.jwtSecret });
  const until = new Date(Date.UTC(2031, 0, 1));
  await command(harness, id, { kind: 'RotateJwtSecret', secrets: rotated, overlapUntil: until });
  const after = (await loadProject(harness.store, id))?.project;
  const late = [before, after];
  expect(await judge(await sign(fresh.jwtSecret), () => Promise.resolve(late.shift()))).toBe('good');
  expect(await judge(await sign(issued.jwtSecret))).toBe('good');
});

test("a user's token of a named key is judged by it, from when the project holds it", async () => {
  const { judge, harness, id, before } = await sleeping();
  const key = await signingKeys.make(id, 'ES256');
  const { jwk, ...header } = signingKeys.open(id, key);
  const token = await new SignJWT({ role: 'authenticated' }).setProtectedHeader(header).sign(jwk);
  expect(await judge(token)).toBe('wrong');
  const [now, overlapUntil] = [new Date(0), new Date(Date.UTC(2031, 0, 1))];
  await command(harness, id, { kind: 'ChangeSigningKey', key, overlapUntil, now });
  const after = (await loadProject(harness.store, id))?.project;
  const late = [before, after];
  expect(await judge(token, () => Promise.resolve(late.shift()))).toBe('good');
  expect(await judge(await sign(issued.jwtSecret))).toBe('good');
  expect(await judge(await sign(JSON.stringify(key.publicKey)))).toBe('wrong');
});

test('of a project that is gone nothing is good', async () => {
  const { judge } = await sleeping();
  expect(await judge(await sign(issued.jwtSecret), () => Promise.resolve(undefined))).toBe('wrong');
});
