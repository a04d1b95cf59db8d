/** What is planned is what happens: of each command first its plan, and then the command. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statusAtRest } from './crash-points.ts';
import { earlierRelease, LaterRelease } from './later-release.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

interface Step {
  readonly step: string;
  readonly text: string;
  readonly usual_ms: number | null;
  readonly samples: number;
}
interface Plan {
  readonly allowed: boolean;
  readonly problem: { readonly type: string; readonly detail: string } | null;
  readonly process: string | null;
  readonly steps: readonly Step[];
  readonly usual_ms: number | null;
  readonly samples: number;
  readonly connections: { readonly change: number; readonly used: number; readonly limit: number } | null;
  readonly takes: readonly string[];
  readonly frees: readonly string[];
  readonly effects: readonly string[];
  readonly cannot_be_undone: readonly string[];
}
interface Run {
  readonly process: string;
  readonly state: string;
  readonly steps: readonly { readonly step: string; readonly state: string }[];
}

const BEFORE_FILES = 14;

let platform: PlatformUnderTest;
let token: string;
let id: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await earlierRelease(platform, BEFORE_FILES);
  await platform.start();
  token = await platform.owner('planner');
});
afterAll(() => platform.close());

type Asked = { readonly body?: unknown; readonly headers?: Record<string, string> };
const call = <T>(method: string, path: string, asked: Asked = {}) =>
  platform.call<T>(method, `/api/projects${path}`, { token, ...asked });
async function plan(method: string, path: string, asked: Asked = {}): Promise<Plan> {
  const answer = await call<Plan>(method, `${path}${path.includes('?') ? '&' : '?'}plan=true`, asked);
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
}
/** The last event of everything that this owner has. */
const head = async () => {
  const { body } = await platform.call<{ entries: { position: string }[] }>('GET', '/api/audit?limit=1', {
    token,
  });
  return body.entries[0]?.position;
};
const names = (steps: readonly { readonly step: string }[]) => steps.map(({ step }) => step);

/** The plan, which changes nothing, and then the command, which does what was planned. */
async function planned(process: string, method: string, path: string, asked: Asked = {}): Promise<Plan> {
  const before = await head();
  const told = await plan(method, path, asked);
  expect(told).toMatchObject({ allowed: true, problem: null, process });
  expect(await head()).toBe(before);
  const done = await call<{ id: string }>(method, path, asked);
  expect([200, 201, 202]).toContain(done.status);
  id ??= done.body.id;
  await statusAtRest(platform, token, id);
  const { processes } = (await call<{ processes: Run[] }>('GET', `/${id}/progress`)).body;
  expect(processes[0]).toMatchObject({ process, state: 'done' });
  expect(names(processes[0]?.steps ?? [])).toEqual(names(told.steps));
  return told;
}

test('a creation; it reserves no name and spends no idempotency key', async () => {
  const asked = { body: { name: 'shop' }, headers: { 'idempotency-key': 'one' } };
  const told = await planned('provision', 'POST', '', asked);
  expect(told).toMatchObject({ usual_ms: null, samples: 0 });
  expect(told.connections?.change).toBeGreaterThan(0);
  expect(told.takes).toContain('the name "shop"');
  for (const { text, usual_ms } of told.steps)
    expect([text, usual_ms]).toEqual([expect.stringMatching(/^[A-Z]/), null]);
  // the key has made it, so again there is nothing to do
  expect(await plan('POST', '', asked)).toMatchObject({ allowed: true, process: null, steps: [] });
  const another = await plan('POST', '', { body: { name: 'other' } });
  expect(another).toMatchObject({ samples: 1, usual_ms: expect.any(Number) as number });
  // some are done at the same time
  const [whole, times] = [another.usual_ms ?? NaN, another.steps.map(({ usual_ms }) => usual_ms ?? NaN)];
  expect(times.reduce((all, ms) => all + ms)).toBeGreaterThanOrEqual(whole - times.length);
  expect(Math.max(...times)).toBeLessThanOrEqual(whole + 1);
});

test('what the command would be refused for now, in its own words', async () => {
  const taken = await plan('POST', '', { body: { name: 'shop' } });
  const refused = await call<Record<string, unknown>>('POST', '', { body: { name: 'shop' } });
  expect(refused.status).toBe(409);
  const { instance: _, ...told } = refused.body;
  expect(taken).toMatchObject({ allowed: false, process: null, problem: told });
  expect(await plan('POST', `/${id}/pause`, { headers: { 'if-match': '"999"' } })).toMatchObject({
    allowed: false,
    problem: { type: '/docs#project/revision-mismatch', status: 412 },
  });
  expect(await plan('DELETE', `/${id}?purge=true`, { body: { name: 'wrong' } })).toMatchObject({
    allowed: false,
    problem: { type: '/docs#project/purge-name-mismatch' },
  });
  expect((await call('POST', '?plan=true', { body: { name: 'x' } })).status).toBe(400);
  const stranger = await platform.owner('stranger');
  for (const [method, path] of [
    ['POST', 'pause'],
    ['POST', 'upgrade'],
    ['DELETE', ''],
  ] as const) {
    const asked = await platform.call(method, `/api/projects/${id}/${path}?plan=true`.replace('/?', '?'), {
      token: stranger,
    });
    expect(asked.status).toBe(404);
  }
});

test('pause, resume, deletion and undeletion', async () => {
  const pause = await planned('pause', 'POST', `/${id}/pause`);
  const resume = await planned('resume', 'POST', `/${id}/resume`);
  expect(resume.connections?.change).toBe(-(pause.connections?.change ?? 0));
  const deletion = await planned('delete', 'DELETE', `/${id}`);
  expect(deletion.effects.join()).toContain('until');
  await planned('undelete', 'POST', `/${id}/undelete`);
  expect(await plan('POST', `/${id}/pause`)).toMatchObject({ samples: 1 });
});

test('an upgrade by the owner, which has something to do after an update alone', async () => {
  expect(await plan('POST', `/${id}/upgrade`)).toMatchObject({ allowed: true, process: null });
  expect((await call<{ status: string }>('POST', `/${id}/upgrade`)).status).toBe(200);
  await platform.kill();
  const { version } = await LaterRelease.of(platform);
  await platform.start();
  const told = await planned('upgrade', 'POST', `/${id}/upgrade`);
  expect(told.connections?.change).toBe(0);
  expect(told.effects.join()).toContain(`from version ${BEFORE_FILES} to ${version}`);
  const { body } = await call<{ status: string; template_version: number }>('GET', `/${id}`);
  expect(body).toMatchObject({ status: 'active', template_version: version });
});

test('who follows the events is told of each what it made of the project, from the latest process on', async () => {
  const response = await fetch(`${platform.url}/api/projects/${id}/events?from=latest-process`, {
    headers: { authorization: `Bearer ${token}` },
  });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk as Uint8Array);
    if (text.includes('"ProjectUpgraded"')) break;
  }
  const events = [...text.matchAll(/^data: (.*)$/gm)].map(
    ([, json]) =>
      JSON.parse(json ?? '') as {
        type: string;
        revision: number;
        status: string;
        process: { process: string; began: number } | null;
      },
  );
  const began = events[0]?.revision;
  expect(events[0]).toMatchObject({
    type: 'ProjectUpgradeRequested',
    process: { process: 'upgrade', began },
  });
  expect(events.at(-1)).toMatchObject({ type: 'ProjectUpgraded', status: 'active', process: null });
  const { processes } = (
    await platform.call<{ processes: { process: string; steps: { records: string }[] }[] }>(
      'GET',
      '/api/processes',
      { token },
    )
  ).body;
  const steps = processes.find(({ process }) => process === 'upgrade')?.steps ?? [];
  expect(steps.map(({ records }) => records)).toEqual(events.slice(1).map(({ type }) => type));
});

test('a purge: its plan needs no name, the command does, and it does what was planned', async () => {
  const told = await plan('DELETE', `/${id}?purge=true`);
  expect(told).toMatchObject({ allowed: true, process: 'purge' });
  expect(told.cannot_be_undone.join()).toContain('gone for good');
  expect(told.frees).toContain('the name "shop"');
  expect((await call('DELETE', `/${id}?purge=true`)).status).toBe(409);
  expect((await call('DELETE', `/${id}?purge=true`, { body: { name: 'shop' } })).status).toBe(202);
  await expect.poll(async () => (await call('GET', `/${id}`)).status, { timeout: 60_000 }).toBe(404);
  const { entries } = (
    await platform.call<{ entries: { type: string; revision: number }[] }>('GET', '/api/audit?limit=20', {
      token,
    })
  ).body;
  const of = entries.map(({ type }) => type);
  const recorded = of.slice(0, of.indexOf('ProjectPurgeRequested')).toReversed();
  const tables = await platform.call<{
    processes: { process: string; steps: { step: string; records: string }[] }[];
  }>('GET', '/api/processes', { token });
  const purge = tables.body.processes.find(({ process }) => process === 'purge')?.steps ?? [];
  expect(names(told.steps)).toEqual(names(purge));
  expect(recorded.filter((type) => type !== 'ProjectNameFreed')).toEqual(purge.map(({ records }) => records));
});
