import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { authHooksContract } from '../../application/ports/auth-hooks.contract.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { answeringServer, failing, json, type Asked } from '../testing/answering-server.ts';
import { HttpAuthHooks } from './http-auth-hooks.ts';

const clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  /** a hundred times as fast as it says */
  sleep: (ms: number, signal?: AbortSignal) => pause(ms / 100, undefined, { signal }),
};
const lines: object[] = [];
const log = { debug() {}, info() {}, error() {}, warn: (line: object) => void lines.push(line) };

function isSigned({ headers, body }: Asked, secret: string): boolean {
  const key = Buffer.from(secret.split('whsec_')[1] ?? '', 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const isNow = Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) < 60;
  const expected = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  return isNow && headers['webhook-signature'] === expected;
}

authHooksContract('by HTTP', async () => {
  const { url, asked, answers, close } = await answeringServer();
  return {
    hooks: new HttpAuthHooks({ mayBePrivate: true, clock, log }),
    url: `${url}/hook`,
    answers(...all) {
      asked.splice(0);
      const left = [...all];
      answers((_asked, res) => {
        const [status, body, headers] = (left.length > 1 ? left.shift() : left[0]) ?? [500];
        res.writeHead(status, headers).end(typeof body === 'object' ? JSON.stringify(body) : body);
      });
    },
    fails(how) {
      asked.splice(0);
      answers(failing[how]);
    },
    asked: (secret) =>
      asked.map((one) => ({
        id: String(one.headers['webhook-id']),
        body: one.body,
        isSigned: isSigned(one, secret),
        contentType: one.headers['content-type'],
      })),
    close,
  };
});

const project = projectId('proj_00000000000000aa');
const hook = { name: 'customAccessToken', timeoutMs: 10_000, secret: `whsec_${'A'.repeat(32)}` } as const;

test('one in a private network is asked only where the operator lets it', async () => {
  const { url, asked, close } = await answeringServer();
  const hooks = new HttpAuthHooks({ mayBePrivate: false, clock, log });
  await expect(hooks.ask(project, { ...hook, url }, {})).rejects.toMatchObject({ failure: 'unexpected' });
  expect(asked).toEqual([]);
  await close();
});

test('it is asked again after the seconds, or at the time, that it says', async () => {
  const { url, asked, answers, close } = await answeringServer();
  const slept: number[] = [];
  const sleep = (ms: number) => Promise.resolve(void slept.push(ms));
  const hooks = new HttpAuthHooks({ mayBePrivate: true, clock: { ...clock, sleep }, log });
  const at = new Date(Date.now() + 30_000).toUTCString();
  const puts = ['2', at, 'soon', new Date(0).toUTCString()];
  for (const [index, after] of puts.entries()) {
    answers((question, res) =>
      json({}, asked.length % 2 === 1 ? 503 : 200, { 'retry-after': after })(question, res),
    );
    await hooks.ask(project, { ...hook, timeoutMs: 60_000, url }, {});
    expect(asked.length).toBe(2 * (index + 1));
  }
  expect([slept[0], slept[2], slept[3]]).toEqual([2_000, 500, 0]);
  expect(slept[1]).toBeGreaterThan(2_000);
  expect(slept[1]).toBeLessThanOrEqual(30_000);
  await close();
});

test('it has all of the time that its owner gives it', async () => {
  const { url, answers, close } = await answeringServer();
  answers(async (question, res) => {
    await pause(5_500);
    return json({})(question, res);
  });
  const hooks = new HttpAuthHooks({ mayBePrivate: true, clock, log });
  expect(await hooks.ask(project, { ...hook, url }, {})).toMatchObject({ said: 'yes' });
  await close();
});

test('the log has why, and neither the address, which may have a key in it, nor what was asked', async () => {
  lines.splice(0);
  const { url, close } = await answeringServer();
  const hooks = new HttpAuthHooks({ mayBePrivate: true, clock, log });
  const asked = hooks.ask(project, { ...hook, url: `${url}/?key=hunter2` }, { user_id: 'hunter3' });
  await expect(asked).rejects.toThrow();
  expect(lines).toEqual([{ project, hook: 'customAccessToken', why: 'not application/json' }]);
  await close();
});
