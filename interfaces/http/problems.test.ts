import { describe, expect, test } from 'vitest';
import {
  DEPENDENCIES,
  Refused,
  TooManySessions,
  unavailable,
  Unavailable,
} from '../../application/errors.ts';
import { Conflict, OutcomeUnknown } from '../../application/ports/event-store.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import { RateLimited } from '../../application/ports/rate-limits.ts';
import { Rejection, REJECTION_CODES } from '../../domain/rejection.ts';
import { ProjectionBehind } from '../../projections/checkpoint-watch.ts';
import { InvalidCursor } from '../../projections/page-cursor.ts';
import { problemBody } from './error-body.ts';
import { invalidRequest, problemOf } from './problems.ts';

const FORBIDDEN = new Set(['owner/invite-needed', 'owner/signup-closed']);
const statusOf = (error: unknown) => problemOf(error).status;

describe('an error becomes a problem', () => {
  test.each(REJECTION_CODES)('%s has a status and a title', (code) => {
    const error = new Rejection(code, 'why', { revision: 3, status: 999 });
    const body = problemBody(problemOf(error), 'request-1');
    expect(body).toMatchObject({ type: `/docs#${code}`, detail: 'why', instance: 'request-1', revision: 3 });
    expect(body['title']).not.toBe('');
    expect(body['status']).toBe(
      code.endsWith('not-found')
        ? 404
        : code === 'project/revision-mismatch'
          ? 412
          : code.startsWith('owner/invalid')
            ? 401
            : FORBIDDEN.has(code)
              ? 403
              : 409,
    );
  });

  test('an owner who has all their sessions open hears so, and what to do', () => {
    const problem = problemOf(new TooManySessions('connect'));
    expect(problem).toMatchObject({ code: 'project/too-many-sessions', members: { sqlstate: '53300' } });
    expect(problem.detail).toContain('Close some');
  });

  test('what is away may be asked again', () => {
    for (const error of [
      new Unavailable('reach the database at 10.0.0.1', new Error('password=x')),
      new TooManySessions('connect to the database at 10.0.0.1'),
      new OutcomeUnknown('project-x', new Error('x')),
      new ProjectionBehind('project-list', 3n, 2n),
    ]) {
      const problem = problemOf(error);
      expect(problem.status).toBe(503);
      expect(problem.headers?.['retry-after']).toMatch(/^\d+$/);
      expect(problem.detail).not.toMatch(/10\.0|password/);
    }
  });

  test('what is away is named', () => {
    for (const name of DEPENDENCIES) {
      const problem = problemOf(unavailable(name, 'reach 10.0.0.1'));
      expect(problem).toMatchObject({ code: 'platform/unavailable', members: { away: name } });
      expect(problem.detail).toMatch(/^The .* is away or slow\.$/);
    }
    expect(problemOf(new OutcomeUnknown('project-x', new Error('x'))).members).toEqual({ away: 'log' });
  });

  test('the others', () => {
    expect(statusOf(new Conflict('s', 1, 2))).toBe(409);
    expect(problemOf(new Conflict('s', 1, 2)).members).toEqual({ revision: 2 });
    expect(statusOf(invalidRequest([{ pointer: '/body', detail: 'x' }]))).toBe(400);
    expect(statusOf(new InvalidCursor())).toBe(400);
    expect(problemOf(new RateLimited(1_001))).toMatchObject({ headers: { 'retry-after': '2' } });
    expect(problemOf(new RateLimited(0))).toMatchObject({ headers: { 'retry-after': '1' } });
    const failed = new SqlFailed('syntax error', { code: '42601', position: 3, detail: null, hint: null });
    expect(problemBody(problemOf(failed), 'r')).toMatchObject({
      status: 422,
      sqlstate: '42601',
      position: 3,
    });
  });

  test('a bug says nothing of itself', () => {
    for (const error of [
      new TypeError('secret'),
      new Refused('secret'),
      'secret',
      undefined,
      { code: 'secret' },
    ]) {
      const body = JSON.stringify(problemBody(problemOf(error), 'r'));
      expect(body).not.toContain('secret');
      expect(statusOf(error)).toBe(500);
    }
  });
});
