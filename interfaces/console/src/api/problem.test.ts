import { expect, test } from 'vitest';
import { ApiProblem, isProblem, problemOf } from './problem.ts';

const answer = (status: number, body: string) =>
  problemOf(new Response(body, { status, headers: { 'x-request-id': 'r1' } }));

test('of the platform: code, words, and what is wrong with which field', async () => {
  const problem = await answer(
    400,
    JSON.stringify({
      type: '/docs#request/invalid',
      title: 'The request is not valid',
      detail: 'Too short.',
      errors: [{ pointer: '/body/name', detail: 'Too short.' }],
    }),
  );
  expect(problem).toMatchObject({
    status: 400,
    code: 'request/invalid',
    message: 'Too short.',
    reference: 'r1',
  });
  expect([problem.faultOf('name'), problem.faultOf('other')]).toEqual(['Too short.', undefined]);
  expect([
    isProblem(problem, 'request/invalid'),
    isProblem(problem, 'x'),
    isProblem(new Error(''), 'x'),
  ]).toEqual([true, false, false]);
});

test('of the users’ and files’ services, in their own words', async () => {
  const users = JSON.stringify({ code: 422, error_code: 'email_exists', msg: 'There is one.' });
  expect(await answer(422, users)).toMatchObject({ code: 'email_exists', message: 'There is one.' });
  const files = JSON.stringify({
    statusCode: '404',
    error: 'not_found',
    code: 'NoSuchKey',
    message: 'None.',
  });
  expect(await answer(404, files)).toMatchObject({ code: 'NoSuchKey', message: 'None.' });
});

test.each(['', '<html>bad gateway</html>', 'null', '[1]', '"text"'])(
  '%j is a problem all the same',
  async (body) => {
    const problem = await answer(502, body);
    expect(problem).toBeInstanceOf(ApiProblem);
    expect(problem).toMatchObject({ code: '', message: 'The platform answered 502', faults: [] });
  },
);
