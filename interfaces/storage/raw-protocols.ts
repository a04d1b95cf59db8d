/**
 * Protocols below `/storage/v1` that read a request and write its answer themselves, headers and errors too: TUS and S3. The
 * server hands over whatever no endpoint of its own has.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from '../http/exchange.ts';
import { RequestProblem } from '../http/problems.ts';

export interface RawCall {
  /** in the path, as it came: it may be no project's */
  readonly project: string;
  /** the path below the protocol's, as it came, with the query: nothing of it is decoded */
  readonly below: string;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** of the request: its id, the address, and the signal that aborts when the client goes or the server stops */
  readonly exchange: Exchange;
}

export interface RawProtocol {
  /** below `/project/:project/storage/v1`, without slashes at the ends: `s3`, `upload/resumable` */
  readonly place: string;
  /** Resolves when there is an answer. What it throws is told as the REST service tells it. */
  serve(call: RawCall): Promise<void>;
}

const PROJECT = /^\/project\/([^/?]+)\/storage\/v1\/([^?]*)/;

/** For the server's `fallback`. @throws {RequestProblem} it is none of theirs */
export const rawProtocols =
  (protocols: readonly RawProtocol[]) =>
  async (req: IncomingMessage, res: ServerResponse, exchange: Exchange): Promise<void> => {
    const url = req.url ?? '';
    const [, project = '', path = ''] = PROJECT.exec(url) ?? [];
    const protocol = protocols.find(({ place }) => path === place || path.startsWith(`${place}/`));
    if (!protocol) throw new RequestProblem('request/no-such-route', 'There is nothing at this path.');
    const { place } = protocol;
    exchange.route = `/project/:project/storage/v1/${place}`;
    const from = url.indexOf('/storage/v1/') + '/storage/v1/'.length + place.length;
    await protocol.serve({ project, below: url.slice(from), req, res, exchange });
  };
