import { expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { endpointTable, RemoteGateways } from './remote-gateways.ts';

const A = projectId('proj_00000000000000aa');
const B = projectId('proj_00000000000000bb');
const at = { host: '127.0.0.1', port: 1 };
const BOTH = endpointTable(
  new Map([
    [A, at],
    [B, at],
  ]),
);
const WITHOUT_A = endpointTable(new Map([[B, at]]));
const NOTHING = new Map();

function gateways() {
  const clock = { ms: 0 };
  const all = new RemoteGateways(() => clock.ms);
  clock.ms = 5_000;
  return { all, clock };
}

test('a project can be taken away when every gateway sends by a table without it', () => {
  const { all } = gateways();
  expect(all.maySend(A)).toBe(false);
  for (const id of ['one', 'two']) all.asks(id, '', NOTHING, BOTH)(BOTH);
  // it may have taken the answer up, or not
  expect(all.maySend(A)).toBe(true);
  const answers = ['one', 'two'].map((id) => all.asks(id, BOTH.version, NOTHING, BOTH));
  expect([all.maySend(A), all.maySend(B)]).toEqual([true, true]);
  // it is taken away now, and they are told
  for (const answer of answers) answer(WITHOUT_A);
  expect(all.maySend(A)).toBe(true);
  all.asks('one', WITHOUT_A.version, NOTHING, WITHOUT_A);
  expect(all.maySend(A)).toBe(true);
  all.asks('two', WITHOUT_A.version, NOTHING, WITHOUT_A);
  expect([all.maySend(A), all.maySend(B)]).toEqual([false, true]);
});

test('the table goes on meanwhile: by which one a gateway sends is known all the same', () => {
  const { all } = gateways();
  const C = endpointTable(new Map([[projectId('proj_00000000000000cc'), at]]));
  all.asks('one', '', NOTHING, WITHOUT_A)(WITHOUT_A);
  all.asks('one', WITHOUT_A.version, NOTHING, C);
  expect([all.maySend(A), all.maySend(B)]).toEqual([false, true]);
  // an answer that was lost: it asks by the same one again
  all.asks('one', WITHOUT_A.version, NOTHING, C)(C);
  all.asks('one', WITHOUT_A.version, NOTHING, BOTH);
  expect([all.maySend(A), all.maySend(B)]).toEqual([false, true]);
});

test('of a table that nobody remembers, and just after the start, anything may be', () => {
  const { all, clock } = gateways();
  all.asks('one', 'a version of an earlier manager', NOTHING, WITHOUT_A);
  expect(all.maySend(A)).toBe(true);
  const fresh = new RemoteGateways(() => clock.ms);
  expect(fresh.maySend(A)).toBe(true);
  clock.ms += 2_000;
  expect(fresh.maySend(A)).toBe(false);
});

test('what they send is counted together, and forgotten with the one that is gone', () => {
  const { all, clock } = gateways();
  all.asks('one', '', new Map([[A, { requests: 5, underWay: 1 }]]), BOTH)(BOTH);
  const answer = all.asks('two', '', new Map([[A, { requests: 2, underWay: 2 }]]), BOTH);
  expect([[...all.projects()], all.requests(A), all.underWay(A)]).toEqual([[A], 7, 3]);
  expect([all.requests(B), all.underWay(B)]).toEqual([0, 0]);
  clock.ms += 10_001;
  // the other one waits for its answer
  expect([all.requests(A), all.underWay(A), all.maySend(A)]).toEqual([2, 2, true]);
  answer(undefined);
  clock.ms += 10_001;
  expect([[...all.projects()], all.underWay(A), all.maySend(A)]).toEqual([[], 0, false]);
});

test('what is kept is bounded, and the latest ones are kept', () => {
  const { all } = gateways();
  for (let one = 0; one < 1_000; one++) {
    all.asks(`gateway ${one}`, '', new Map([[A, { requests: 1, underWay: 0 }]]), BOTH)(BOTH);
  }
  expect(all.requests(A)).toBe(64);
});
