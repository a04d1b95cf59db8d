import { JsonText } from '../write-rows.ts';
import type { StepRow } from './process-run.ts';

/** What `JSON.stringify` gives, sooner: most of a run's row are its steps, and most of their text is known beforehand. */
export const stepsText = (steps: readonly StepRow[]): JsonText =>
  new JsonText(`[${steps.map(stepText).join(',')}]`);

function stepText({ step, state, attempts, lastError, nextAttemptAt, startedAt, endedAt }: StepRow): string {
  const known = `{"step":"${step}","state":"${state}","attempts":${attempts},"lastError":${orNull(lastError)}`;
  return `${known},"nextAttemptAt":${orNull(nextAttemptAt)},"startedAt":${orNull(startedAt)},"endedAt":${orNull(endedAt)}}`;
}

const orNull = (text: string | null): string => (text === null ? 'null' : JSON.stringify(text));
