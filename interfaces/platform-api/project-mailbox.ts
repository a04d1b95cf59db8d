import { z } from 'zod';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { MailOutbox } from '../../application/ports/mail-outbox.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { idParam } from './project-view.ts';

export interface ProjectMailboxDependencies {
  readonly store: EventStore;
  readonly mailOutbox: MailOutbox;
}

const MOST = 100;

const mail = z.object({
  id: z.uuid(),
  kind: z.string(),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  state: z
    .enum(['waiting', 'sending', 'handed_over', 'sent', 'failed', 'kept'])
    .describe('kept: there is no mail server to send it to.'),
  last_error: z.string().nullable(),
  created_at: z.iso.datetime(),
});

export const projectMailboxEndpoints = ({ store, mailOutbox }: ProjectMailboxDependencies): Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/api/projects/:id/auth/mailbox',
    summary: "The mails of a project's auth service that were not sent, newest first",
    description:
      'Without a mail server, all: with their links and codes, for whoever develops the project. They are kept for 7 days, and 100 at most.',
    tags: ['auth'],
    auth: 'owner',
    revealsSecrets: true,
    params: idParam,
    responses: { 200: z.object({ mails: z.array(mail) }) },
    handler: async ({ owner, params }) => {
      const { project } = await loadOwnedProject(store, owner.id, params.id);
      requireServed(project);
      const mails = await mailOutbox.list(project.id, MOST);
      return {
        status: 200,
        body: {
          mails: mails.map(({ id, kind, to, subject, text, html, state, lastError, createdAt }) => ({
            id,
            kind,
            to,
            subject,
            text,
            html,
            state,
            last_error: lastError,
            created_at: createdAt.toISOString(),
          })),
        },
      };
    },
  }),
];
