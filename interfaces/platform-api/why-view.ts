/** What an explanation looks like over HTTP, for whoever may read it. */
import { z } from 'zod';
import type { Explanation } from '../../application/project/explain-project.ts';

export const waitsForView = z
  .object({
    step: z.string(),
    attempts: z.int(),
    reason: z.string(),
    until: z.iso.datetime().nullable(),
  })
  .nullable();

export const whyView = z.object({
  summary: z.string(),
  waits_for: waitsForView,
  advice: z.string().nullable(),
  helps: z
    .enum(['resume', 'undelete', 'upgrade', 'delete', 'retry'])
    .nullable()
    .describe('The command of its owner that helps.'),
  chain: z.array(
    z.object({
      revision: z.int(),
      at: z.iso.datetime(),
      type: z.string(),
      text: z.string(),
      actor: z.object({ kind: z.string(), id: z.string() }),
      reason: z.string(),
      correlation_id: z.string(),
      caused_by: z.int().nullable().describe('The revision of the event that it follows from.'),
    }),
  ),
});

export const waitsForBody = (waitsFor: Explanation['waitsFor']) =>
  waitsFor && { ...waitsFor, until: waitsFor.until?.toISOString() ?? null };

export const whyBody = ({ summary, waitsFor, advice, helps, chain }: Explanation) => ({
  summary,
  waits_for: waitsForBody(waitsFor),
  advice,
  helps,
  chain: chain.map(({ at, correlationId, causedBy, actor, ...link }) => ({
    ...link,
    at: at.toISOString(),
    actor: { ...actor },
    correlation_id: correlationId,
    caused_by: causedBy,
  })),
});
