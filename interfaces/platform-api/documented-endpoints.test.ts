import { expect, test } from 'vitest';
import { z } from 'zod';
import { requireScope } from './authenticate-owner.ts';
import type { Endpoint } from './owner-endpoint.ts';
import { RequestProblem } from '../http/problems.ts';
import { documentedEndpoints } from './documented-endpoints.ts';

/** What opens something, by the names that answers give it. */
const SECRET = /_key$|_?token$|password|secret|_uri(_|$)/;

const membersOf = ({ responses }: Endpoint): readonly string[] =>
  Object.values(responses).flatMap((reply) => (reply instanceof z.ZodObject ? Object.keys(reply.shape) : []));

const ofOwners = documentedEndpoints().filter((one): one is Endpoint => one.auth === 'owner');

/** What a personal token of these scopes gets to hear: undefined when it is let through. */
function refusal(endpoint: Endpoint, ...scopes: string[]): string | undefined {
  try {
    requireScope(endpoint, { id: 'own_1', token: { id: 'tok_1', scopes, projectId: null } }, undefined);
    return undefined;
  } catch (error) {
    return error instanceof RequestProblem ? error.message : String(error);
  }
}

test('every answer that holds a secret asks for the scope of its own', () => {
  const secret = ofOwners.filter((endpoint) => membersOf(endpoint).some((member) => SECRET.test(member)));
  expect(secret.map(({ path }) => path).toSorted()).toEqual([
    '/api/projects/:id/connection',
    '/api/projects/:id/database-password/rotate',
    '/api/projects/:id/keys',
    '/api/projects/:id/keys/rotate',
    '/api/projects/:id/storage/s3-keys',
  ]);
  for (const endpoint of secret) {
    expect(refusal(endpoint, 'read', 'write')).toBe('The token has no scope "secrets".');
    expect(refusal(endpoint, 'secrets')).toMatch(/no scope "(read|write)"/);
    expect(refusal(endpoint, 'read', 'write', 'secrets')).toBeUndefined();
  }
});

test('reading needs read, everything else write, and neither gives the other', () => {
  for (const endpoint of ofOwners) {
    const [needed, other] = endpoint.method === 'get' ? ['read', 'write'] : ['write', 'read'];
    expect(refusal(endpoint, other ?? '', 'secrets')).toBe(`The token has no scope "${needed}".`);
    if (!endpoint.revealsSecrets) expect(refusal(endpoint, needed ?? '')).toBeUndefined();
  }
});
