import { expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { ProjectLines } from './project-lines.ts';

const [A, B] = [projectId('proj_00000000000000aa'), projectId('proj_00000000000000bb')];

/** Work that a test ends. */
function work(lines: ProjectLines, project = A, signal?: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let begun = false;
  const done = lines.within(project, signal, () => {
    begun = true;
    return promise;
  });
  done.catch(() => {});
  return { done, end: () => resolve('done'), fail: () => reject(new Error('failed')), isBegun: () => begun };
}
const settled = () => new Promise((resolve) => void setImmediate(resolve));

test('so many are at work, the others come one after the other, also after one that failed', async () => {
  const lines = new ProjectLines(2, 10_000);
  const all = Array.from({ length: 5 }, () => work(lines));
  const begun = () => all.map((one) => one.isBegun());
  await settled();
  expect(begun()).toEqual([true, true, false, false, false]);
  all[1]?.fail();
  await settled();
  expect(begun()).toEqual([true, true, true, false, false]);
  all[0]?.end();
  all[2]?.end();
  await settled();
  expect(begun()).toEqual([true, true, true, true, true]);
  await expect(all[1]?.done).rejects.toThrow('failed');
  expect(await all[0]?.done).toBe('done');
});

test('a project does not wait for another', async () => {
  const lines = new ProjectLines(1, 10_000);
  const [one, other] = [work(lines, A), work(lines, B)];
  await settled();
  expect([one.isBegun(), other.isBegun()]).toEqual([true, true]);
});

test('who goes away, or waits too long, is not in the way', async () => {
  const lines = new ProjectLines(1, 20);
  const first = work(lines);
  const gone = new AbortController();
  const left = work(lines, A, gone.signal);
  gone.abort();
  await expect(left.done).rejects.toThrow(/nobody waits/);
  await expect(work(lines, A, gone.signal).done).rejects.toThrow(/nobody waits/);
  await expect(work(lines).done).rejects.toThrow(Unavailable);
  const next = work(lines);
  first.end();
  await settled();
  expect([next.isBegun(), left.isBegun()]).toEqual([true, false]);
});
