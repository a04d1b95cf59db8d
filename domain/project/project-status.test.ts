import { expect, test } from 'vitest';
import { Rejection } from '../rejection.ts';
import {
  isInService,
  PROJECT_STATUSES,
  requireServed,
  statusesThat,
  traitsOf,
  type StatusTraits,
} from './project-status.ts';
import type { ProjectStatus } from './project.ts';

const ALL =
  'provisioning spare active pausing paused resuming sleeping waking failed suspended deleting deleted purging purged'.split(
    ' ',
  );
const except = (...others: readonly ProjectStatus[]) =>
  ALL.filter((one) => !others.some((other) => other === one));

test.each([
  ['served', ['active', 'sleeping', 'waking']],
  ['comesUp', ['provisioning', 'resuming', 'waking']],
  ['changeable', ['active', 'sleeping']],
  // what is out of service holds no connection; what is on its way may
  ['takesPlace', except('paused', 'failed', 'deleted', 'purged')],
  ['kept', except('failed', 'purged')],
  ['leaving', ['deleting', 'deleted', 'purging', 'purged']],
  ['lost', ['purging', 'purged']],
] as const)('those that are %s', (trait, statuses) => {
  expect(statusesThat(trait)).toEqual(statuses);
});

test.each([
  ['starting', ['provisioning', 'active', 'resuming', 'sleeping', 'waking']],
  ['paused', ['pausing', 'paused']],
  ['down', ['failed', 'suspended']],
  ['gone', ['spare', 'deleting', 'deleted', 'purging', 'purged']],
] satisfies [StatusTraits['toRequests'], ProjectStatus[]][])('requests are told "%s"', (told, statuses) => {
  expect(PROJECT_STATUSES.filter((status) => traitsOf(status).toRequests === told)).toEqual(statuses);
});

test('an upgrade is the business of those in service, and of those on their way', () => {
  const now = ['provisioning', 'active', 'resuming', 'sleeping', 'waking'];
  expect(PROJECT_STATUSES.filter(isInService)).toEqual(now);
});

test('what is done in a database is refused unless it is awake, with the status', () => {
  for (const status of PROJECT_STATUSES) {
    if (traitsOf(status).served) requireServed({ status });
    else expect(() => requireServed({ status })).toThrow(Rejection);
  }
  expect(() => requireServed({ status: 'paused' })).toThrow('The project is paused;');
});
