import { OPERATOR_VIEWS } from '../../application/operator/operator-views.ts';
import type { PlatformWatch } from '../../application/operator/platform-watch.ts';
import { eventStream, type ServerSentEvent } from '../http/stream-reply.ts';
import { operatorEndpoint, operatorTags as tags, type OperatorEndpoint } from './operator-endpoint.ts';

export interface OperatorEventsDependencies {
  readonly watch: Pick<PlatformWatch, 'follow'>;
}

/** `/api/operator/events`: which of what operators look at is to be asked for again. */
export const operatorEventsEndpoints = ({ watch }: OperatorEventsDependencies): OperatorEndpoint[] => [
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/events',
    summary: 'Which of what is shown here has changed, as it changes (Server-Sent Events)',
    description: `Each event, \`changed\`, has the last part of the addresses to ask again: \`{"views": ["failures", "pools"]}\`. The first one names all of them: ${OPERATOR_VIEWS.join(', ')}. What the log tells of comes at once, at most once a second, the rest within 5 s. It ends with the session, or when the token is revoked.`,
    tags,
    auth: 'operator',
    responses: { 200: 'text/event-stream' },
    handler: ({ signal }) => Promise.resolve(eventStream(changed(watch, signal))),
  }),
];

async function* changed(
  watch: OperatorEventsDependencies['watch'],
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  for await (const views of watch.follow(signal)) yield { event: 'changed', data: { views } };
}
