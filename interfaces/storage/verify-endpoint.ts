/** Verifies files of a project, as many as one request has time for. Internal: the operator's command asks for it. */
import { z } from 'zod';
import { StorageError } from '../../application/storage/storage-error.ts';
import { verifyFiles, type VerifyFilesDependencies } from '../../application/storage/verify-files.ts';
import { json } from '../http/body.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { internalEndpoint, knownProjectId, told } from '../http/internal-endpoints.ts';
import { RequestProblem } from '../http/problems.ts';

/** one file may go on for longer */
const PIECE_MS = 10_000;
const LONGEST_MS = 6 * 60 * 60 * 1000;

const place = z.object({ bucketId: z.string().max(4_096), name: z.string().max(4_096) });

export const verifyEndpoint = (
  dependencies: VerifyFilesDependencies,
  pieceMs = PIECE_MS,
): Endpoint<'internal'> =>
  internalEndpoint({
    auth: 'internal',
    tags: ['storage'],
    timeMs: LONGEST_MS,
    method: 'post',
    path: '/internal/files/:projectId/verify',
    summary: 'Whether the bytes of files are what their rows say, as many as one request has time for',
    params: z.object({ projectId: knownProjectId }),
    body: json(
      z.object({
        after: place.nullable().describe('The last one that was looked at; null: from the beginning.'),
        bytesPerSecond: z.number().positive(),
      }),
    ),
    responses: {
      200: z.object({
        files: z.int(),
        bytes: z.int(),
        findings: z.array(
          place.extend({
            version: z.string().nullable(),
            fault: z.enum(['missing', 'size', 'checksum', 'unknown']),
          }),
        ),
        after: place.nullable().describe('null: all were looked at.'),
      }),
    },
    handler: async ({ params: { projectId }, body: { after, bytesPerSecond }, signal }) => {
      const options = { after: after ?? undefined, bytesPerSecond, forMs: pieceMs };
      const verified = await told(verifyFiles(dependencies, projectId, options, signal)).catch(refused);
      const { findings, ...others } = verified;
      return { status: 200, body: { ...others, findings: [...findings], after: verified.after ?? null } };
    },
  });

/** What the owner did to the tables is in the way. */
function refused(error: unknown): never {
  if (error instanceof StorageError)
    throw new RequestProblem('platform/refused', `could not read the rows of files: ${error.message}`);
  throw error;
}
