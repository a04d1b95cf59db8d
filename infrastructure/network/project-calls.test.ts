import { expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { ProjectCalls } from './project-calls.ts';

const [A, B] = [projectId('proj_00000000000000aa'), projectId('proj_00000000000000bb')];
const never = new AbortController().signal;

/** Calls that end when a test lets them. */
function calls() {
  const open: (() => void)[] = [];
  const call = () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    open.push(() => resolve('done'));
    return promise;
  };
  return { open, call };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('so many of a project at once, and so many that wait, in the order in which they came', async () => {
  const all = new ProjectCalls('a hook', { atOnce: 2, waiting: 2 });
  const { open, call } = calls();
  const ended: number[] = [];
  const asked = [0, 1, 2, 3].map((at) => all.run(A, never, call).then(() => ended.push(at)));
  await expect(all.run(A, never, call)).rejects.toThrow(Unavailable);
  expect(open.length).toBe(2);
  open[0]?.();
  await settled();
  expect([open.length, ended]).toEqual([3, [0]]);
  for (let at = 1; at < 4; at++) {
    open[at]?.();
    await settled();
  }
  await Promise.all(asked);
  expect(ended).toEqual([0, 1, 2, 3]);
});

test('what one project asks holds up no other', async () => {
  const all = new ProjectCalls('a hook', { atOnce: 1, waiting: 0 });
  const { open, call } = calls();
  const hangs = all.run(A, never, call);
  expect(await all.run(B, never, () => Promise.resolve('b'))).toBe('b');
  open[0]?.();
  expect(await hangs).toBe('done');
  expect(await all.run(A, never, () => Promise.resolve('a'))).toBe('a');
});

test('who no longer waits has no place in the line, and one that failed leaves its own', async () => {
  const all = new ProjectCalls('a hook', { atOnce: 1, waiting: 1 });
  const { open, call } = calls();
  const first = all.run(A, never, call);
  const gone = new AbortController();
  const waits = all.run(A, gone.signal, call);
  gone.abort();
  await expect(waits).rejects.toThrow('others took all of the time');
  await expect(all.run(A, AbortSignal.abort(), call)).rejects.toThrow(Unavailable);
  const second = all.run(A, never, () => Promise.reject(new Error('broken')));
  open[0]?.();
  expect(await first).toBe('done');
  await expect(second).rejects.toThrow('broken');
  expect(await all.run(A, never, () => Promise.resolve('third'))).toBe('third');
});
