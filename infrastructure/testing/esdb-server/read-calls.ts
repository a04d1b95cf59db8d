/** Reading streams and the whole log, once or as a subscription. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { status, type handleServerStreamingCall, type ServerWritableStream } from '@grpc/grpc-js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { END_OF_STREAM, type EsdbLog, type LoggedEvent } from './esdb-log.ts';
import { refusedUnread, refusal, streamDeleted, type Serving } from './serving.ts';

type Call = ServerWritableStream<streams.ReadReq, streams.ReadResp>;
type Options = streams.ReadReq.Options;

const BACKWARDS = 1;
/** what the real server looks through at once when the request does not say */
const SEARCH_WINDOW = 32;

export function readCall(serving: Serving): handleServerStreamingCall<streams.ReadReq, streams.ReadResp> {
  return (call) => {
    serve(serving, call).then(
      () => call.end(),
      (error: unknown) => call.emit('error', error),
    );
  };
}

async function serve(serving: Serving, call: Call): Promise<void> {
  const { faults, log } = serving;
  serving.calls.read += 1;
  serving.headers = call.metadata;
  const refused = refusedUnread(serving, call.metadata);
  if (refused) throw Object.assign(new Error('refused'), refused);
  const gone = whenGone(call);
  const options = call.request.getOptions() ?? new streams.ReadReq.Options();
  if (faults.hang || (faults.hangFilteredReads && options.hasFilter())) return forever(gone);
  const stream = options.getStream();
  if (options.hasCount() && Number(options.getCount()) < 1) throw failed(status.INVALID_ARGUMENT, 'count');
  if (options.hasSubscription()) return follow(serving, call, options, gone);
  if (!stream) return send(serving, call, gone, allInRange(log, options));
  const name = Buffer.from(stream.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString();
  const shown = log.shown(name);
  if (shown === 'missing') return void call.write(streamNotFound(stream));
  if (shown === 'tombstoned') throw Object.assign(new Error('deleted'), streamDeleted(name));
  await send(serving, call, gone, streamInRange(shown, stream, options));
}

/** What is emitted on a call is an error with a code, as grpc-js has it. */
const failed = (code: status, details: string): Error =>
  Object.assign(new Error(details), refusal(code, details));

/** The events of a subscription to the whole log, with checkpoints where a filter leaves events out. */
async function follow(serving: Serving, call: Call, options: Options, gone: AbortSignal): Promise<void> {
  if (options.getStream()) throw failed(status.UNIMPLEMENTED, 'subscriptions to a stream');
  const { faults, log } = serving;
  const all = options.getAll();
  const position = all?.getPosition();
  const after = position && log.indexAt(BigInt(position.getCommitPosition()));
  if (position && after === undefined)
    throw failed(status.INVALID_ARGUMENT, 'Trying to read from an invalid position.');
  let next = all?.hasEnd() ? log.events.length : after === undefined ? 0 : after + 1;
  serving.calls.subscribe += 1;
  if (faults.unconfirmed) return forever(gone);
  const confirmation = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(randomUUID());
  await write(call, gone, new streams.ReadResp().setConfirmation(confirmation));
  const filter = options.getFilter();
  const passes = filterOf(options);
  // whatever the interval asks for: seen on a real server
  const window = filter?.getMax() || SEARCH_WINDOW;
  let looked = 0;
  let caughtUp = false;
  while (!gone.aborted) {
    const event = log.events[next];
    if (faults.silent) return forever(gone);
    if (!event) {
      if (!caughtUp)
        await write(call, gone, new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
      caughtUp = true;
      await log.longerThan(next, gone);
      continue;
    }
    next += 1;
    if (passes(event)) await write(call, gone, response(event));
    looked += 1;
    if (filter && looked % window === 0) await write(call, gone, checkpoint(event.position));
  }
}

/**
 * From a place on, in either direction; forward that one included; undefined for one that was looked at and is not
 * sent. The count is of events that pass the filter, and when it is reached a real server looks on for one more.
 */
function* allInRange(log: EsdbLog, options: Options): Generator<LoggedEvent | undefined> {
  const { events } = log;
  const all = options.getAll();
  const position = all?.getPosition();
  const step = options.getReadDirection() === BACKWARDS ? -1 : 1;
  const place = position
    ? log.indexAt(BigInt(position.getCommitPosition()))
    : all?.hasEnd()
      ? events.length
      : 0;
  if (place === undefined) {
    const kind = options.hasFilter() ? 'FilteredReadAllResult' : 'ReadAllResult';
    throw failed(status.UNKNOWN, `Unexpected ${kind}: InvalidPosition`);
  }
  const passes = filterOf(options);
  let left = Number(options.getCount());
  for (let index = step > 0 ? place : place - 1; left > 0 || options.hasFilter(); index += step) {
    const event = events[index];
    if (!event) return;
    const passing = passes(event);
    if (passing && left === 0) return;
    if (passing) left -= 1;
    yield passing ? event : undefined;
  }
}

function streamInRange(
  history: readonly LoggedEvent[],
  stream: streams.ReadReq.Options.StreamOptions,
  options: Options,
): readonly LoggedEvent[] {
  const backwards = options.getReadDirection() === BACKWARDS;
  const first = history[0]?.revision ?? 0;
  const end = first + history.length - (backwards ? 1 : 0);
  const from = stream.hasRevision() ? Number(stream.getRevision()) : stream.hasEnd() ? end : 0;
  const index = Math.max(backwards ? -1 : 0, from - first);
  const range = backwards ? history.slice(0, index + 1).reverse() : history.slice(index);
  return range.slice(0, Number(options.getCount()));
}

function filterOf(options: Options): (event: LoggedEvent) => boolean {
  const filter = options.getFilter();
  const expression = filter?.getEventType() ?? filter?.getStreamIdentifier();
  if (!filter || !expression) return () => true;
  const subject = (event: LoggedEvent) => (filter.hasEventType() ? event.type : event.stream);
  const regex = expression.getRegex() && new RegExp(expression.getRegex());
  if (regex) return (event) => regex.test(subject(event));
  return (event) => expression.getPrefixList().some((prefix) => subject(event).startsWith(prefix));
}

async function send(
  serving: Serving,
  call: Call,
  gone: AbortSignal,
  events: Iterable<LoggedEvent | undefined>,
): Promise<void> {
  const { stallReadsAfter, slowReadsMs } = serving.faults;
  let sent = 0;
  for (const event of events) {
    if (sent === stallReadsAfter) return forever(gone);
    serving.scanned += 1;
    if (slowReadsMs) await sleep(slowReadsMs);
    if (gone.aborted) return;
    if (!event) continue;
    await write(call, gone, response(event));
    sent += 1;
    serving.sent += 1;
  }
}

/** Waits while the client does not read on. */
async function write(call: Call, gone: AbortSignal, message: streams.ReadResp): Promise<void> {
  if (gone.aborted || call.write(message)) return;
  await once(call, 'drain', { signal: gone }).catch(() => {});
}

function whenGone(call: Call): AbortSignal {
  const gone = new AbortController();
  for (const event of ['cancelled', 'close']) call.on(event, () => gone.abort());
  if (call.cancelled) gone.abort();
  return gone.signal;
}

async function forever(gone: AbortSignal): Promise<void> {
  if (!gone.aborted) await once(gone, 'abort');
}

function response(event: LoggedEvent): streams.ReadResp {
  const position = String(event.position);
  const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(event.stream));
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(event.id))
    .setStreamIdentifier(identifier)
    .setStreamRevision(event.revision === END_OF_STREAM ? '9223372036854775807' : String(event.revision))
    .setCommitPosition(position)
    .setPreparePosition(position)
    .setData(event.data)
    .setCustomMetadata(event.metadata);
  const properties = recorded.getMetadataMap();
  properties.set('type', event.type);
  properties.set('content-type', event.contentType);
  // ticks of .NET, of 100 ns
  properties.set('created', String(BigInt(event.created.getTime()) * 10_000n));
  const read = new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(position);
  return new streams.ReadResp().setEvent(read);
}

function checkpoint(position: bigint): streams.ReadResp {
  const place = String(position);
  return new streams.ReadResp().setCheckpoint(
    new streams.ReadResp.Checkpoint().setCommitPosition(place).setPreparePosition(place),
  );
}

function streamNotFound(stream: streams.ReadReq.Options.StreamOptions): streams.ReadResp {
  const missing = new streams.ReadResp.StreamNotFound().setStreamIdentifier(stream.getStreamIdentifier());
  return new streams.ReadResp().setStreamNotFound(missing);
}
