import { expect, test } from 'vitest';
import type { StepRow } from './process-run.ts';
import { stepsText } from './steps-text.ts';

const pending: StepRow = {
  step: 'create-database',
  state: 'pending',
  attempts: 0,
  lastError: null,
  nextAttemptAt: null,
  startedAt: null,
  endedAt: null,
};
const at = '2026-01-01T00:00:09.000Z';
const retrying: StepRow = {
  ...pending,
  state: 'retrying',
  attempts: 2,
  lastError: 'could not "create"\n\\ 𝔘ñí ☃ \u0001',
  nextAttemptAt: at,
  startedAt: at,
};

test.each([[[]], [[pending]], [[{ ...pending, endedAt: at }, retrying, pending]]])(
  'steps are written as JSON.stringify writes them',
  (steps) => {
    expect(stepsText(steps).text).toBe(JSON.stringify(steps));
    expect(JSON.stringify({ steps: stepsText(steps) })).toBe(JSON.stringify({ steps }));
  },
);
