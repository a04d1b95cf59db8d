import { expect, test } from 'vitest';
import { newProject } from '../../application/ports/databases.contract.ts';
import { authenticatorRole, ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { overShare, type OpenSession } from './shared-sessions.ts';

const [most, second, modest] = [newProject(), newProject(), newProject()];
/** Of each project so many, taking turns; the oldest first. */
function sessions(counts: readonly (readonly [ProjectId, number])[], role = ownerRole): OpenSession[] {
  const open: OpenSession[] = [];
  for (let nth = 0; nth < 40; nth++)
    for (const [project, count] of counts)
      if (nth < count) open.push({ pid: open.length, login: role(project) });
  return open;
}
const crowd = sessions([
  [most, 20],
  [second, 12],
  [modest, 7],
]);
const ended = (room: number, of: readonly OpenSession[] = crowd) => {
  const pids = new Set(overShare(of, room, 7).map(({ pid }) => pid));
  const left = (project: ProjectId) =>
    of.filter(({ pid, login }) => !pids.has(pid) && login.startsWith(project)).length;
  return [left(most), left(second), left(modest)];
};

test('nobody loses one while there is room', () => expect(ended(39)).toEqual([20, 12, 7]));

test('the newest of the one who is furthest over go first, and then of whoever is as far', () => {
  expect(ended(38)).toEqual([19, 12, 7]);
  expect(ended(31)).toEqual([12, 12, 7]);
  expect(ended(27)).toEqual([10, 10, 7]);
  const newest = crowd.filter(({ login }) => login === ownerRole(most)).slice(-3);
  expect(overShare(crowd, 36, 7)).toEqual(newest.toReversed());
});

test('nobody loses what is within their share, however little room there is', () => {
  expect(ended(-5)).toEqual([7, 7, 7]);
});

test("a REST API's sessions count, and stay", () => {
  const served = sessions([[most, 8]], authenticatorRole).map((one) => ({ ...one, pid: one.pid + 1000 }));
  const owners = sessions([[most, 2]]);
  expect(overShare([...owners, ...served], 0, 7)).toEqual(owners.toReversed());
});
