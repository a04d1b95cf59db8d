import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { ObjectStore } from '../../application/ports/object-store.ts';
import { openEndpoint } from '../http/endpoint.ts';
import { problem } from '../http/problems.ts';
import { ImageRefused, type ImageTransformer } from '../../application/ports/image-transformer.ts';
import { countedBytes, countedEndpoints, countedErrors, countedImages } from './count-answers.ts';
import { storageErrorBody } from './storage-error-body.ts';

function counting() {
  const counted: unknown[] = [];
  return {
    counted,
    metrics: {
      moved: (...what: unknown[]) => void counted.push(what),
      picture: (outcome: string) => void counted.push(outcome),
      refused: (code: string) => void counted.push(code),
    },
  };
}

test('an answer that is an error is counted by what the client reads', () => {
  const { counted, metrics } = counting();
  const told = countedErrors(storageErrorBody, metrics);
  told(problem('request/too-large', 'x'), { requestId: 'id', headers: {} });
  expect(counted).toEqual(['EntityTooLarge']);
});

test('what is sent is counted when it was', async () => {
  const { counted, metrics } = counting();
  const endpoint = openEndpoint({
    method: 'get',
    path: '/x',
    summary: 'x',
    auth: 'none',
    responses: { 200: 'bytes' },
    handler: async () => ({ status: 200, headers: { 'content-length': '5' }, stream: async () => {} }),
  });
  const reply = await countedEndpoints([endpoint], metrics)[0]?.handler({} as never);
  expect(counted).toEqual([]);
  if (!reply || !('stream' in reply)) throw new Error('no stream');
  await reply.stream(undefined as never, AbortSignal.any([]));
  expect(counted).toEqual([['out', 5]]);
});

test('what is stored is counted, and what is not is not', async () => {
  const { counted, metrics } = counting();
  let fails = false;
  const put = () =>
    fails
      ? Promise.reject(new Error('full'))
      : Promise.resolve({ size: 7, md5: 'd41d8cd98f00b204e9800998ecf8427e' });
  const store = countedBytes({ put, putFile: put } as unknown as ObjectStore, metrics);
  const asked = ['proj', 'version', Readable.from([])] as unknown as Parameters<ObjectStore['put']>;
  await store.put(...asked);
  await store.putFile(asked[0], asked[1], { path: '/x', size: 7 });
  fails = true;
  await expect(store.put(...asked)).rejects.toThrow('full');
  expect(counted).toEqual([
    ['in', 7],
    ['in', 7],
  ]);
});

test('a picture is counted by what became of it', async () => {
  const { counted, metrics } = counting();
  const outcomes = [undefined, new ImageRefused('large'), new Error('the store is away')];
  const transform = () => {
    const error = outcomes.shift();
    return error ? Promise.reject(error) : Promise.resolve({ mediaType: 'image/png', size: 1 });
  };
  const images = countedImages({ transform } as unknown as ImageTransformer, metrics);
  const ask = () => images.transform({} as never, {} as never);
  expect(await ask()).toMatchObject({ size: 1 });
  await expect(ask()).rejects.toThrow('large');
  await expect(ask()).rejects.toThrow('away');
  expect(counted).toEqual(['changed', 'large', 'failed']);
});
