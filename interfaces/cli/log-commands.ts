/** `replay`, `verify`, `events`, `parked`: about the log and its views. */
import { parkedEvents, retryParkedEvents } from '../../application/operator/parked-events.ts';
import { replayViews } from '../../application/operator/replay-views.ts';
import { verifyLog } from '../../application/operator/verify-log.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import { inWords } from '../../application/project/explain-project.ts';
import { isProjectId, projectStream } from '../../domain/project/project-id.ts';
import { withoutSealed } from '../../projections/audit-trail/audit-trail.ts';
import { byOperator, type Command } from './command.ts';
import { endProgress, showProgress, walked } from './progress-bar.ts';

export const replayCommand: Command = {
  name: 'replay',
  usage: '[view]',
  summary:
    'Rebuild every view, or one, from the log beside the running platform; say whether it equals what was there.',
  flags: [],
  arguments: [0, 1],
  async run(operator, { args: [name], say, signal }) {
    const metadata = byOperator(operator, 'launchdb replay');
    const results = await replayViews(operator, name, metadata, { onProgress: showProgress, signal });
    endProgress();
    for (const { projection, equal, rows, events, durationMs } of results) {
      const verdict =
        equal === null
          ? 'there was nothing to compare with'
          : equal
            ? 'equal to what was there'
            : 'DIFFERENT from what was there';
      say(
        `${projection.padEnd(22)} ${rows} rows from ${events} events in ${(durationMs / 1000).toFixed(1)} s, ${verdict}`,
      );
    }
    return results.every(({ equal }) => equal !== false) ? 0 : 2;
  },
};

export const verifyCommand: Command = {
  name: 'verify',
  usage: '',
  summary: 'Check the hash of every event of the log; name the first that was altered.',
  flags: [],
  arguments: [0, 0],
  async run(operator, { say }) {
    const startedAt = performance.now();
    const { verified, firstAltered } = await verifyLog(operator, (done, head) =>
      showProgress('verify', walked(done, head, startedAt)),
    );
    endProgress();
    if (!firstAltered) {
      say(`The log is as it was written: verified up to position ${verified}.`);
      return 0;
    }
    const { position, event } = firstAltered;
    const what = event
      ? `${event.type} of ${event.stream}, revision ${event.revision}, ${event.recordedAt.toISOString()}`
      : 'no event can be read there';
    say(`ALTERED at position ${position}: ${what}. Everything before it is as it was written.`);
    return 2;
  },
};

export const eventsCommand: Command = {
  name: 'events',
  usage: '<stream or project> [--follow] [--json]',
  summary: 'Show the events of a stream, oldest first; with --follow those to come, too.',
  flags: ['follow', 'json'],
  arguments: [1, 1],
  async run({ store }, { args: [given = ''], flags, say, signal }) {
    const stream = isProjectId(given) ? projectStream(given) : given;
    const show = (event: StoredEvent) => say(flags.has('json') ? jsonLine(event) : textLine(event));
    const head = await store.head();
    const history = await store.readStream(stream);
    history.forEach(show);
    if (!flags.has('follow')) return 0;
    let last = history.at(-1)?.revision ?? -1;
    const subscription = store.subscribe(
      { name: 'cli events', after: head, filter: { streamPrefix: stream } },
      async ({ events }) => {
        for (const event of events) {
          if (event.stream !== stream || event.revision <= last) continue;
          last = event.revision;
          show(event);
        }
        return Promise.resolve();
      },
    );
    signal.addEventListener('abort', () => void subscription.stop());
    await subscription.done;
    return 0;
  },
};

export const parkedCommand: Command = {
  name: 'parked',
  usage: '[view] [--retry]',
  summary: 'List events that a view could not take in; with --retry try them again, in order.',
  flags: ['retry'],
  arguments: [0, 1],
  async run(operator, { args: [name], flags, say }) {
    const parked = flags.has('retry')
      ? await retryParkedEvents(operator, name, byOperator(operator, 'launchdb parked --retry'))
      : await parkedEvents(operator.views, name);
    for (const { view, position, stream, type, reason } of parked)
      say(`${view} ${position} ${stream} ${type}: ${reason}`);
    if (parked.length === 0) say('Nothing is parked.');
    return parked.length === 0 ? 0 : 2;
  },
};

const textLine = (event: StoredEvent): string => {
  const { actor, reason } = event.metadata;
  const when = event.recordedAt.toISOString();
  return `${String(event.revision).padStart(4)}  ${when}  ${event.type.padEnd(24)} ${inWords(event)}  [${actor.kind} ${actor.id}; ${reason}]`;
};

const jsonLine = ({ position, data, metadata, ...event }: StoredEvent): string =>
  JSON.stringify(
    { ...event, metadata, position: position.toString(), data: withoutSealed(data) },
    (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
  );
