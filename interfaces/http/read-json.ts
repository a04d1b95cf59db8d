import type { IncomingMessage } from 'node:http';
import { JsonText, parseExactJson } from '../../domain/json-text.ts';
import { bodyBrokeOff, bodyTooLarge, invalidRequest, RequestProblem, type Fault } from './problems.ts';

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/**
 * The JSON value of a request's body, or undefined when it has none. It is at most `depth` deep, and no text in it holds
 * what PostgreSQL cannot store: NUL, or half of a surrogate pair.
 * @throws {RequestProblem} 400, 413, 415
 */
export async function readJson(
  req: IncomingMessage,
  { bytes, depth, exact }: { readonly bytes: number; readonly depth: number; readonly exact: boolean },
): Promise<unknown> {
  const { 'content-length': length, 'transfer-encoding': transfer, 'content-type': type } = req.headers;
  if (transfer === undefined && (length === undefined || length === '0')) return undefined;
  const { 'content-encoding': encoding = 'identity' } = req.headers;
  if (encoding !== 'identity' || !JSON_TYPE.test(type ?? '')) {
    req.resume();
    throw new RequestProblem('request/unsupported-media-type', 'Send application/json, not compressed.');
  }
  const value = parse(await readBytes(req, bytes), exact ? parseExactJson : JSON.parse);
  const fault = jsonFault(value, '/body', depth);
  if (fault) throw invalidRequest([fault]);
  return value;
}

function readBytes(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const collect = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else stop(bodyTooLarge(limit));
    };
    // the rest is read and dropped, within the server's time for a request, so that the answer gets through
    const stop = (problem: RequestProblem) => {
      req.off('data', collect);
      req.resume();
      reject(problem);
    };
    req.on('end', () => resolve(Buffer.concat(chunks)));
    req.on('error', () => reject(bodyBrokeOff()));
    if (Number(req.headers['content-length'] ?? 0) > limit) stop(bodyTooLarge(limit));
    else req.on('data', collect);
  });
}

function parse(bytes: Buffer, parseJson: (text: string) => unknown): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalidRequest([{ pointer: '/body', detail: 'The body is not JSON in UTF-8.' }]);
  }
}

/** What it holds that no request may. */
export function jsonFault(value: unknown, pointer: string, depth: number): Fault | undefined {
  if (typeof value === 'string') return textFault(value, pointer);
  if (typeof value !== 'object' || value === null || value instanceof JsonText) return undefined;
  if (depth === 0) return { pointer: pointer.slice(0, 200), detail: 'The body is nested too deep.' };
  for (const [key, item] of Object.entries(value)) {
    const fault = textFault(key, pointer) ?? jsonFault(item, `${pointer}/${pointerPart(key)}`, depth - 1);
    if (fault) return fault;
  }
  return undefined;
}

/** What no text of a request may hold. */
export function textFault(text: string, pointer: string): Fault | undefined {
  if (!text.includes('\0') && text.isWellFormed()) return undefined;
  return { pointer: pointer.slice(0, 200), detail: 'The text holds NUL or broken Unicode.' };
}

export const pointerPart = (key: string): string =>
  key.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 80);
