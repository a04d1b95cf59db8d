import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { EventFilter, Position } from '../../../application/ports/event-store.ts';
import { streamIdentifier } from './esdb-append-messages.ts';

type Options = streams.ReadReq.Options;

const FORWARDS = 0;
const BACKWARDS = 1;

/** A stream from a revision on, that one included, in either direction. */
export function streamRequest(
  stream: string,
  range: { from: number | 'end'; direction: 'forward' | 'backward'; count: number },
): streams.ReadReq {
  const place = new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(streamIdentifier(stream));
  if (range.from === 'end') place.setEnd(new shared.Empty());
  else place.setRevision(String(range.from));
  const options = newOptions()
    .setStream(place)
    .setCount(countOf(range.count))
    .setReadDirection(range.direction === 'forward' ? FORWARDS : BACKWARDS)
    .setNoFilter(new shared.Empty());
  return new streams.ReadReq().setOptions(options);
}

/** The whole log from a position on, that one included; system events too. */
export function logRequest(from: Position, count: number): streams.ReadReq {
  const options = newOptions().setAll(placeAt(from)).setCount(countOf(count)).setNoFilter(new shared.Empty());
  return new streams.ReadReq().setOptions(options);
}

/** The same, of what the server can leave out already: see {@link serverFilter}. */
export function filteredLogRequest(from: Position, count: number, filter: EventFilter): streams.ReadReq {
  const options = newOptions().setAll(placeAt(from)).setCount(countOf(count)).setFilter(serverFilter(filter));
  return new streams.ReadReq().setOptions(options);
}

/** The last event of the log, whatever it is. */
export function headRequest(): streams.ReadReq {
  const end = new streams.ReadReq.Options.AllOptions().setEnd(new shared.Empty());
  const options = newOptions()
    .setAll(end)
    .setCount('1')
    .setReadDirection(BACKWARDS)
    .setNoFilter(new shared.Empty());
  return new streams.ReadReq().setOptions(options);
}

/** Every event that is appended from now on, whatever it is. */
export function newsRequest(): streams.ReadReq {
  const end = new streams.ReadReq.Options.AllOptions().setEnd(new shared.Empty());
  const options = newOptions()
    .setAll(end)
    .setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
    .setNoFilter(new shared.Empty());
  return new streams.ReadReq().setOptions(options);
}

/**
 * The server filters by type or by the stream's name, not by both: by type if there are types, since prefixes let
 * more pass. Without any filter it leaves out its own streams, which can be the greater part of a log.
 */
function serverFilter({ types, streamPrefix }: EventFilter): streams.ReadReq.Options.FilterOptions {
  const filter = new streams.ReadReq.Options.FilterOptions()
    .setCount(new shared.Empty())
    .setCheckpointintervalmultiplier(1);
  const expression = new streams.ReadReq.Options.FilterOptions.Expression();
  if (types) return filter.setEventType(expression.setRegex(`^(?:${types.map(escaped).join('|')})$`));
  if (streamPrefix) return filter.setStreamIdentifier(expression.setPrefixList([streamPrefix]));
  return filter.setStreamIdentifier(expression.setRegex('^[^$]'));
}

/** Read alike by the server's .NET and by JavaScript. */
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|#\s]/g, '\\$&');

const newOptions = (): Options =>
  new streams.ReadReq.Options()
    .setReadDirection(FORWARDS)
    .setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty()));

function placeAt(from: Position): streams.ReadReq.Options.AllOptions {
  const all = new streams.ReadReq.Options.AllOptions();
  if (from <= 0n) return all.setStart(new shared.Empty());
  // one and the same for every event since server 20.6
  const place = new streams.ReadReq.Options.Position()
    .setCommitPosition(String(from))
    .setPreparePosition(String(from));
  return all.setPosition(place);
}

const countOf = (count: number): string => String(Math.min(count, Number.MAX_SAFE_INTEGER));
