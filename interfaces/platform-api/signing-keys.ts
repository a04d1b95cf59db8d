import { z } from 'zod';
import {
  changeSigningKey,
  type SigningKeyDependencies,
} from '../../application/project/change-signing-key.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { SIGNING_ALGORITHMS } from '../../domain/project/public-key.ts';
import type { SignedBy } from '../../domain/project/signing-keys.ts';
import { inForce, quiet } from './in-force.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { idParam } from './project-view.ts';

export interface SigningKeysDependencies extends SigningKeyDependencies {
  readonly watch: StreamWatch;
}

const tags = ['auth'];
const path = '/api/projects/:id/auth/signing-keys';
const algorithm = z.enum([...SIGNING_ALGORITHMS, 'HS256']);
const DAY_SECONDS = 24 * 3600;

export const signingKeysView = z.object({
  signing_keys: z.array(
    z.object({
      kid: z.string().nullable().describe("null: the project's secret."),
      algorithm,
      status: z
        .enum(['signs', 'next', 'verifies'])
        .describe(
          'next: signs as soon as the REST API can check it. verifies: signs nothing, and what it has signed is good.',
        ),
      made_at: z.iso.datetime(),
      valid_until: z.iso.datetime().nullable().describe('null: not replaced yet.'),
    }),
  ),
});

export function signingKeyEndpoints(dependencies: SigningKeysDependencies): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path,
      summary: "What users' tokens are signed with",
      description: "The newest first, the project's secret last. What is private of a key is never told.",
      tags,
      auth: 'owner',
      params: idParam,
      responses: { 200: signingKeysView },
      handler: async ({ owner, params }) => {
        const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
        return { status: 200, body: signingKeysBody(project) };
      },
    }),
    endpoint({
      method: 'post',
      path,
      summary: "Have users' tokens signed by a new key",
      description:
        "ES256 or RS256: by a new key, whose public half is at <auth_url>/.well-known/jwks.json; HS256: by the project's secret, as in the beginning. No request is refused meanwhile. Tokens of keys before stay good for the overlap: 24 h unless you say otherwise, 0 for a key that leaked; those of the secret, which API keys are signed with, always.",
      tags,
      auth: 'owner',
      params: idParam,
      body: z.strictObject({
        algorithm,
        overlap_seconds: z
          .int()
          .min(0)
          .max(30 * DAY_SECONDS)
          .default(DAY_SECONDS),
      }),
      responses: { 200: signingKeysView },
      handler: async ({ owner, params, body, context, signal }) => {
        const who = { ownerId: owner.id, projectId: params.id };
        await quiet(dependencies, who, signal);
        const asked = { algorithm: body.algorithm, overlapMs: body.overlap_seconds * 1000 };
        await changeSigningKey(dependencies, who, asked, context);
        const { project } = await inForce(dependencies, who, signal);
        return { status: 200, body: signingKeysBody(project) };
      },
    }),
  ];
}

export function signingKeysBody({
  signingKeys: { held, signs, next },
  keysIssuedAt,
}: ExistingProject): z.input<typeof signingKeysView> {
  const statusOf = (kid: SignedBy): 'signs' | 'next' | 'verifies' =>
    kid === signs ? 'signs' : next?.kid === kid ? 'next' : 'verifies';
  return {
    signing_keys: [
      ...held.map(({ publicKey: { kid, alg }, madeAt, until }) => ({
        kid,
        algorithm: alg,
        status: statusOf(kid),
        made_at: madeAt,
        valid_until: until,
      })),
      {
        kid: null,
        algorithm: 'HS256',
        status: statusOf(null),
        made_at: keysIssuedAt.toISOString(),
        valid_until: null,
      },
    ],
  };
}
