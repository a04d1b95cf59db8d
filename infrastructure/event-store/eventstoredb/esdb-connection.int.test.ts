/** What a connection string can say: TLS, whom to trust, credentials. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Unavailable } from '../../../application/errors.ts';
import {
  contractCatalogue,
  follow,
  newEvents,
  newStream,
} from '../../../application/ports/event-store.contract.ts';
import { EsdbEventStore } from './esdb-event-store.ts';
import { EsdbServer } from '../../testing/esdb-server/esdb-server.ts';
import { serverCertificate } from '../../testing/esdb-server/server-certificate.ts';

const stores: EsdbEventStore[] = [];
let folder: string;
let secure: EsdbServer;
let plain: EsdbServer;

function storeOn(url: string): EsdbEventStore {
  const store = new EsdbEventStore({ url, catalogue: contractCatalogue, timeoutMs: 2_000 });
  stores.push(store);
  return store;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launchdb-esdb-tls-'));
  const { ca, cert, key } = serverCertificate();
  await writeFile(join(folder, 'ca.pem'), ca);
  await writeFile(join(folder, 'other-ca.pem'), serverCertificate().ca);
  secure = await EsdbServer.started({ tls: { cert, key } });
  plain = await EsdbServer.started();
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});
afterAll(async () => {
  await Promise.all([secure.stop(), plain.stop()]);
  await rm(folder, { recursive: true });
});

/** What the last call said of it. */
const authorizationOf = ({ headers }: EsdbServer) => headers?.get('authorization');
const trusting = (file: string) => `tlsCaFile=${encodeURIComponent(join(folder, file))}`;

describe('with TLS', () => {
  test.each(['esdb', 'esdb+discover'])(
    '%s: everything works, with the authority that is named',
    async (scheme) => {
      const store = storeOn(`${scheme}://127.0.0.1:${secure.port}?${trusting('ca.pem')}`);
      const after = await store.head();
      const following = follow(store, { after }, (seen) => seen.length === 2);
      const stream = newStream();
      await store.append(stream, 'none', newEvents(2));
      expect(await store.readStream(stream)).toHaveLength(2);
      await following;
      expect(authorizationOf(secure)).toEqual([]);
    },
  );

  test('credentials are those of the URL, and every call has them', async () => {
    const store = storeOn(`esdb://admin:p%40ss%3Aw@localhost:${secure.port}?${trusting('ca.pem')}`);
    const expected = [`Basic ${Buffer.from('admin:p@ss:w').toString('base64')}`];
    const stream = newStream();
    const { append, batchAppend } = secure.calls;
    for (const call of [
      () => store.append(stream, 'none', newEvents(1)),
      () => store.append(stream, 0, newEvents(1)),
      () => store.readStream(stream),
    ]) {
      secure.headers = undefined;
      await call();
      expect(authorizationOf(secure)).toEqual(expected);
    }
    // by a call of its own, and by the one that appends share
    expect(secure.calls).toMatchObject({ append: append + 1, batchAppend: batchAppend + 1 });
  });

  test.each(['other-ca.pem', undefined])(
    'a server that is not trusted (%s) is told nothing',
    async (file) => {
      const { append, batchAppend } = secure.calls;
      const store = storeOn(`esdb://127.0.0.1:${secure.port}${file ? `?${trusting(file)}` : ''}`);
      await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toBeInstanceOf(Unavailable);
      await expect(store.head()).rejects.toBeInstanceOf(Unavailable);
      expect(secure.calls).toMatchObject({ append, batchAppend });
    },
  );

  test('TLS is what is meant when the URL does not say', async () => {
    await expect(storeOn(`esdb://127.0.0.1:${plain.port}`).head()).rejects.toBeInstanceOf(Unavailable);
    await expect(storeOn(`esdb://127.0.0.1:${secure.port}?tls=false`).head()).rejects.toBeInstanceOf(
      Unavailable,
    );
  });
});

test('credentials without TLS are not sent', async () => {
  const store = storeOn(`esdb://admin:changeit@127.0.0.1:${plain.port}?tls=false`);
  for (let round = 0; round < 2; round++) {
    plain.headers = undefined;
    await store.append(newStream(), 'none', newEvents(1));
    expect(authorizationOf(plain)).toEqual([]);
  }
  expect(plain.calls).toMatchObject({ append: 1, batchAppend: 1 });
});

test('credentials that are refused: unavailable, for an operator can put that right', async () => {
  plain.faults.accessDenied = true;
  const store = storeOn(plain.url);
  await expect(store.append(newStream(), 'none', newEvents(1))).rejects.toThrow(/refuses the credentials/);
  await expect(store.head()).rejects.toThrow(/refuses the credentials/);
  plain.faults.accessDenied = false;
});

test.each([
  'postgres://admin:secret@localhost',
  'esdb://admin:secret@',
  'esdb://admin:secret@localhost:port',
  'esdb://admin:secret@localhost?tls=secret',
  'esdb://admin:secret@localhost?tlsCaFile=/nowhere/ca.pem',
])('a URL that cannot be used is refused without quoting it: %s', (url) => {
  const attempt = () => new EsdbEventStore({ url, catalogue: contractCatalogue });
  expect(attempt).toThrow(TypeError);
  expect(attempt).toThrow(/^the EventStoreDB connection string cannot be used: /);
  expect(attempt).not.toThrow(/secret/);
});
