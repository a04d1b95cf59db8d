import { duplexPair, type Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Gone, Inbox } from './inbox.ts';
import { logIn, LogInRefused } from './log-in.ts';
import { final, first, NONCE, WRONG_PROOF } from '../testing/guard-client.ts';
import { errorResponse, int32, message, Refusal, saslOffer } from './wire.ts';

const SERVER_NONCE = `${NONCE}more`;
const CHALLENGE = message('R', int32(11), Buffer.from(`r=${SERVER_NONCE},s=c2FsdA==,i=4096`));
const FINAL = final(`c=biws,r=${SERVER_NONCE},p=${WRONG_PROOF}`);
const PROOF = message('R', int32(12), Buffer.from('v=abc='));
const OK = message('R', int32(0));

interface Table {
  readonly client: Duplex;
  readonly pooler: Duplex;
  readonly done: Promise<void>;
  /** what each of them was told, in order */
  readonly told: { readonly client: Buffer[]; readonly pooler: Buffer[] };
  readonly proven: () => boolean;
}

/** A client and a pooler, which only speak when they are told to. */
function table(): Table {
  const [client, clientSide] = duplexPair();
  const [pooler, poolerSide] = duplexPair();
  const ends = new AbortController();
  const told = { client: [] as Buffer[], pooler: [] as Buffer[] };
  let proven = false;
  const done = logIn({
    client: new Inbox(clientSide, ends),
    pooler: new Inbox(poolerSide, ends),
    toClient: (bytes) => void told.client.push(bytes),
    toPooler: (bytes) => void told.pooler.push(bytes),
    onProven: () => (proven = true),
  });
  done.catch(() => {});
  return { client, pooler, done, told, proven: () => proven };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
async function say(side: Duplex, bytes: Buffer, size = bytes.length): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) side.write(bytes.subarray(at, at + size));
  await settled();
  await settled();
}

/** @param size of the pieces in which all of it comes */
async function converse(size?: number, messages: Partial<Record<'first' | 'final', Buffer>> = {}) {
  const at = table();
  await say(at.pooler, saslOffer(), size);
  await say(at.client, messages.first ?? first(), size);
  await say(at.pooler, CHALLENGE, size);
  await say(at.client, messages.final ?? FINAL, size);
  return at;
}

test('message by message, each as it came', async () => {
  const at = await converse();
  expect(at.proven()).toBe(false);
  await say(at.pooler, PROOF);
  expect(at.proven()).toBe(true);
  await say(at.pooler, OK);
  await at.done;
  expect(at.told).toEqual({ client: [saslOffer(), CHALLENGE, PROOF, OK], pooler: [first(), FINAL] });
});

test('in pieces of any size', async () => {
  for (let size = 1; size <= FINAL.length; size++) {
    const at = await converse(size);
    await say(at.pooler, Buffer.concat([PROOF, OK]), size);
    await at.done;
    expect(at.told).toEqual({ client: [saslOffer(), CHALLENGE, PROOF, OK], pooler: [first(), FINAL] });
  }
});

test('split at every byte of the whole', async () => {
  const pooler = Buffer.concat([saslOffer(), CHALLENGE, PROOF, OK]);
  for (let cut = 0; cut <= pooler.length; cut++) {
    const at = table();
    await say(at.pooler, pooler.subarray(0, cut));
    await say(at.pooler, pooler.subarray(cut));
    await say(at.client, first());
    await say(at.client, FINAL);
    await at.done;
  }
});

test('the pooler’s own words reach the client, at any moment', async () => {
  const no = errorResponse(new Refusal('invalid_catalog_name', 'no such database'));
  const early = table();
  await say(early.pooler, no);
  await expect(early.done).rejects.toMatchObject({ wrongPassword: false });
  expect(early.told.client).toEqual([no]);
  const late = await converse();
  await say(late.pooler, no);
  await expect(late.done).rejects.toMatchObject({ wrongPassword: true });
  await expect(late.done).rejects.toBeInstanceOf(LogInRefused);
  const noticed = await converse();
  await say(noticed.pooler, Buffer.concat([message('N', Buffer.from([0])), PROOF, OK]));
  await noticed.done;
});

describe('nothing of it goes on to the pooler:', () => {
  const long = 'x'.repeat(5_000);
  test.each([
    ['a length of 0xFFFFFFFF (CVE-2026-6664)', first(undefined, -1)],
    ['a length beyond the message', first(undefined, 4_000)],
    ['a length below the message', first(undefined, 3)],
    ['no length', message('p', Buffer.from('SCRAM-SHA-256\0'))],
    ['no end of the mechanism', message('p', Buffer.from('SCRAM-SHA-256'))],
    ['nothing', message('p')],
    ['another mechanism', first('p=tls-server-end-point,,n=,r=x', undefined, 'SCRAM-SHA-256-PLUS')],
    ['a password', message('p', Buffer.from('secret\0'))],
    ['a channel to bind to', first('p=tls-unique,,n=,r=abc')],
    ['somebody else’s identity', first('n,a=postgres,n=,r=abc')],
    ['an extension', first('n,,m=x,n=,r=abc')],
    ['no nonce', first('n,,n=,r=')],
    ['more than a nonce', first('n,,n=,r=abc,x=y')],
    ['a NUL', first('n,,n=,r=abc\0')],
    [
      'a second startup packet (CVE-2026-107350)',
      Buffer.concat([int32(9), int32(3 << 16), Buffer.from([0])]),
    ],
    ['a query', message('Q', Buffer.from('SELECT 1\0'))],
    ['a negative length of the message', Buffer.concat([Buffer.from('p'), int32(-1)])],
    ['a message above the bound', message('p', Buffer.from(long))],
  ])('%s, as the first message', async (_what, bytes) => {
    const at = await converse(undefined, { first: bytes });
    await expect(at.done).rejects.toMatchObject({ condition: 'protocol_violation' });
    expect(at.told.pooler).toEqual([]);
  });

  test.each([
    ['no nonce (CVE-2026-19888)', `c=biws,p=${WRONG_PROOF}`],
    ['no proof', `c=biws,r=${SERVER_NONCE}`],
    ['an empty proof', `c=biws,r=${SERVER_NONCE},p=`],
    ['a proof of another length', `c=biws,r=${SERVER_NONCE},p=AAAA`],
    ['another nonce', `c=biws,r=${NONCE},p=${WRONG_PROOF}`],
    ['another binding', `c=eSws,r=${SERVER_NONCE},p=${WRONG_PROOF}`],
    ['an extension', `c=biws,r=${SERVER_NONCE},x=y,p=${WRONG_PROOF}`],
    ['more after the proof', `c=biws,r=${SERVER_NONCE},p=${WRONG_PROOF}\0`],
    ['nothing', ''],
  ])('%s, as the last message', async (_what, text) => {
    const at = await converse(undefined, { final: final(text) });
    await expect(at.done).rejects.toMatchObject({ condition: 'protocol_violation' });
    expect(at.told.pooler).toEqual([first()]);
  });

  test('a query behind the last message', async () => {
    const query = message('Q', Buffer.from('SELECT 1\0'));
    const at = await converse(undefined, { final: Buffer.concat([FINAL, query]) });
    await expect(at.done).rejects.toMatchObject({ condition: 'protocol_violation' });
    expect(at.told.pooler).toEqual([first()]);
  });

  test('more than a log-in can have', async () => {
    const at = table();
    await say(at.client, Buffer.alloc(20_000));
    await say(at.pooler, saslOffer());
    await expect(at.done).rejects.toMatchObject({ condition: 'protocol_violation' });
    expect(at.told.pooler).toEqual([]);
  });
});

test('the binding that goes with TLS is taken, too', async () => {
  const [tls, repeated] = [first(`y,,n=*,r=${NONCE}`), final(`c=eSws,r=${SERVER_NONCE},p=${WRONG_PROOF}`)];
  const at = await converse(undefined, { first: tls, final: repeated });
  await say(at.pooler, Buffer.concat([PROOF, OK]));
  await at.done;
});

describe('a pooler that is not ours gets nothing of the client:', () => {
  test.each([
    ['one that wants a password', message('R', int32(3))],
    ['one that wants MD5', message('R', int32(5), int32(1))],
    ['one that lets everybody in', OK],
    ['one that offers something else', message('R', int32(10), Buffer.from('PLAIN\0\0'))],
    ['one that speaks another protocol', Buffer.from('220 smtp.example.com ESMTP\r\n')],
  ])('%s', async (_what, bytes) => {
    const at = table();
    await say(at.client, first());
    await say(at.pooler, bytes);
    await expect(at.done).rejects.toBeInstanceOf(Refusal);
    expect(at.told).toEqual({ client: [], pooler: [] });
  });

  test.each([
    ['that repeats another nonce', message('R', int32(11), Buffer.from('r=other,s=c2FsdA==,i=4096'))],
    ['that adds nothing to the nonce', message('R', int32(11), Buffer.from(`r=${NONCE},s=c2FsdA==,i=1`))],
    ['that lets in without a proof', OK],
  ])('one %s', async (_what, bytes) => {
    const at = table();
    await say(at.pooler, saslOffer());
    await say(at.client, first());
    await say(at.pooler, bytes);
    await expect(at.done).rejects.toMatchObject({ condition: 'connection_failure' });
  });
});

test('who leaves is noticed, whoever’s turn it is', async () => {
  const left = table();
  left.client.end();
  await expect(left.done).rejects.toBeInstanceOf(Gone);
  const away = table();
  await say(away.pooler, saslOffer());
  away.pooler.end();
  await expect(away.done).rejects.toBeInstanceOf(Gone);
});
