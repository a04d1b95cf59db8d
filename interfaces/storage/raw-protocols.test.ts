import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import type { Exchange } from '../http/exchange.ts';
import { rawProtocols, type RawCall } from './raw-protocols.ts';

async function served(url: string): Promise<unknown> {
  const calls: unknown[] = [];
  const protocol = (place: string) => ({
    place,
    serve: async ({ project, below }: RawCall) => void calls.push([place, project, below]),
  });
  const serve = rawProtocols([protocol('s3'), protocol('upload/resumable')]);
  await serve({ url } as IncomingMessage, {} as ServerResponse, { route: '' } as Exchange).catch(
    ({ problem }: { problem?: { code: string } }) => calls.push(problem?.code),
  );
  return calls[0];
}

test.each([
  ['/project/p1/storage/v1/s3', ['s3', 'p1', '']],
  ['/project/p1/storage/v1/s3/', ['s3', 'p1', '/']],
  ['/project/p1/storage/v1/s3?list-type=2', ['s3', 'p1', '?list-type=2']],
  ['/project/p1/storage/v1/s3/a/storage/v1/s3/b%20c?x=/s3', ['s3', 'p1', '/a/storage/v1/s3/b%20c?x=/s3']],
  ['/project/p1/storage/v1/upload/resumable/eA==', ['upload/resumable', 'p1', '/eA==']],
  ['/project/p1/storage/v1/s3x', 'request/no-such-route'],
  ['/project/p1/storage/v1/?/s3', 'request/no-such-route'],
  ['/project/p1/rest/v1/s3', 'request/no-such-route'],
  ['*', 'request/no-such-route'],
])('%s', async (url, call) => expect(await served(url)).toEqual(call));
