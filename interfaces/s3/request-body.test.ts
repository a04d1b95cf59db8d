/** Keys, bodies and signatures are those of AWS's own examples for Signature Version 4 in S3. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { objectIn, promisedOf } from './request-body.ts';
import { s3Request } from './s3-request.ts';
import { hmac, scopeText, sha256, shownBy, signedBy, signingKey } from './signature.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const AT = new Date('2013-05-24T00:00:00Z');
const A = (count: number) => 'a'.repeat(count);
const OBJECT = Buffer.from(A(66_560));

const SIGNED = {
  signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  headers: {
    'content-encoding': 'aws-chunked',
    'content-length': '66824',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'x-amz-decoded-content-length': '66560',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  },
  body: [
    '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    A(65_536),
    '400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    A(1_024),
    '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    '',
    '',
  ].join('\r\n'),
};
const TRAILED = {
  signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  headers: {
    'content-encoding': 'aws-chunked',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length': '66560',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    'x-amz-trailer': 'x-amz-checksum-crc32c',
  },
  body: [
    '10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    A(65_536),
    '400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    A(1_024),
    '0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    'x-amz-checksum-crc32c:sOO8/Q==',
    'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
    '',
    '',
  ].join('\r\n'),
};
const UNSIGNED = {
  signature: '0'.repeat(64),
  headers: {
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length': '5',
    'x-amz-trailer': 'x-amz-checksum-crc32',
  },
  body: '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n',
};

interface Sent {
  readonly signature: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function requestOf({ signature, headers }: Pick<Sent, 'signature' | 'headers'>) {
  const all: Record<string, string> = {
    ...headers,
    host: 's3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
  };
  const names = Object.keys(all).sort().join(';');
  const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
  const rawHeaders = Object.entries({ ...all, authorization }).flat();
  return s3Request({ method: 'PUT', rawHeaders }, '/examplebucket/chunkObject.txt');
}

/** What is read of it, sent in pieces of so many bytes; or the code of the error. */
async function read(sent: Sent, pieceBytes = 100_000): Promise<unknown> {
  try {
    const request = requestOf(sent);
    const shown = shownBy(request, AT);
    const body = Buffer.from(sent.body, 'latin1');
    const pieces = Array.from({ length: Math.ceil(body.length / pieceBytes) }, (_, at) =>
      body.subarray(at * pieceBytes, (at + 1) * pieceBytes),
    );
    const key = signingKey(SECRET, shown.scope);
    return await buffer(objectIn(Readable.from(pieces), promisedOf(request, shown), shown, key));
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test.each([
  ['signed', SIGNED],
  ['signed, with a checksum behind them', TRAILED],
])('chunks that are %s', async (_how, sent) => {
  const request = requestOf(sent);
  const place = { host: 's3.amazonaws.com', path: request.path };
  expect(signedBy(request, shownBy(request, AT), [SECRET], [place])).toBeDefined();
  for (const pieceBytes of [100_000, 8_191, 61]) expect(await read(sent, pieceBytes)).toEqual(OBJECT);
});

test('chunks that are not signed, byte by byte', async () => {
  expect(String(await read(UNSIGNED, 1))).toBe('hello');
  expect(String(await read({ ...UNSIGNED, body: UNSIGNED.body.replaceAll('\r\n', '\n') }))).toBe('hello');
});

const changed = (sent: Sent, from: string | RegExp, to: string): Sent => ({
  ...sent,
  body: sent.body.replace(from, to),
});
const told = (sent: Sent, headers: Readonly<Record<string, string>>): Sent => ({
  ...sent,
  headers: { ...sent.headers, ...headers },
});

test.each<[string, Sent, string]>([
  ['another byte in a chunk', changed(SIGNED, 'aa', 'ab'), 'SignatureDoesNotMatch'],
  ['another byte in the last one', changed(SIGNED, /a\r\n0;/, 'b\r\n0;'), 'SignatureDoesNotMatch'],
  ['a chunk less', changed(SIGNED, /400;.*\r\na+\r\n/, ''), 'SignatureDoesNotMatch'],
  ['no last chunk', changed(SIGNED, /0;chunk-signature=b6.*\r\n\r\n/, ''), 'IncompleteBody'],
  ['a chunk without a signature', changed(SIGNED, /400;.*/, '400'), 'SignatureDoesNotMatch'],
  ['a chunk cut short', changed(SIGNED, /a{10}\r\n400;/, '\r\n400;'), 'SignatureDoesNotMatch'],
  ['another checksum behind', changed(TRAILED, 'sOO8', 'sOO9'), 'SignatureDoesNotMatch'],
  ['nothing behind', changed(TRAILED, /x-amz-[^]*/, ''), 'MalformedTrailerError'],
  ['a trailer without its signature', changed(TRAILED, /x-amz-trailer-sig.*/, ''), 'SignatureDoesNotMatch'],
  ['another checksum, unsigned', changed(UNSIGNED, 'NhCm', 'NhCn'), 'BadDigest'],
  ['a trailer that nobody named', changed(UNSIGNED, 'crc32:', 'crc32c:'), 'MalformedTrailerError'],
  ['a length that is too small', told(UNSIGNED, { 'x-amz-decoded-content-length': '4' }), 'IncompleteBody'],
  ['a length that is too large', told(UNSIGNED, { 'x-amz-decoded-content-length': '6' }), 'IncompleteBody'],
  ['a chunk longer than it says', changed(UNSIGNED, '5\r\n', '4\r\n'), 'IncompleteBody'],
  ['a size that is none', changed(UNSIGNED, '5\r\n', '-5\r\n'), 'IncompleteBody'],
  ['a header without an end', changed(UNSIGNED, '5\r\n', `5${' '.repeat(300)}`), 'IncompleteBody'],
  ['a trailer without an end', changed(UNSIGNED, '0\r\n', `0\r\n${'x'.repeat(9_000)}`), 'IncompleteBody'],
  ['a trailer that is no checksum', told(UNSIGNED, { 'x-amz-trailer': 'x-amz-acl' }), 'InvalidRequest'],
  ['a checksum before and behind', told(UNSIGNED, { 'x-amz-checksum-crc32': 'NhCmhg==' }), 'InvalidRequest'],
])('%s is refused', async (_what, sent, code) => {
  expect(await read(sent)).toBe(code);
  expect(await read(sent, 7)).toBe(code);
});

function signedChunks(...chunks: readonly string[]): Sent {
  const scope = { date: '20130524', region: 'us-east-1' };
  const key = signingKey(SECRET, scope);
  let before = SIGNED.signature;
  const signed = [...chunks, ''].map((data) => {
    const said = ['20130524T000000Z', scopeText(scope), before, sha256(''), sha256(data)];
    before = hmac(key, ['AWS4-HMAC-SHA256-PAYLOAD', ...said].join('\n')).toString('hex');
    return `${data.length.toString(16)};chunk-signature=${before}\r\n${data}\r\n`;
  });
  return { ...told(SIGNED, { 'x-amz-decoded-content-length': '2' }), body: signed.join('') };
}

test('many small signed chunks are refused before they cost much', async () => {
  expect(String(await read(signedChunks('ab')))).toBe('ab');
  expect(await read(signedChunks('a', 'b'))).toBe('InvalidChunkSizeError');
  const small = changed(UNSIGNED, UNSIGNED.body, '1\r\na\r\n1\r\nb\r\n0\r\n\r\n');
  const unsigned = told(small, { 'x-amz-decoded-content-length': '2', 'x-amz-trailer': '' });
  expect(String(await read(unsigned))).toBe('ab');
});

test('of a body that is longer than it says no more is read', async () => {
  let pieces = 0;
  function* endless() {
    for (; pieces < 10_000; pieces++) yield Buffer.alloc(1_000);
  }
  const request = requestOf(plain('hello', {}));
  const shown = shownBy(request, AT);
  const body = objectIn(Readable.from(endless()), promisedOf(request, shown), shown, Buffer.alloc(32));
  await expect(buffer(body)).rejects.toMatchObject({ code: 'IncompleteBody' });
  expect(pieces).toBeLessThan(1_000);
});

const plain = (body: string, headers: Readonly<Record<string, string>>): Sent => ({
  signature: UNSIGNED.signature,
  body,
  headers: { 'content-length': String(body.length), 'x-amz-content-sha256': sha256(body), ...headers },
});

test.each([
  ['x-amz-checksum-crc32', 'NhCmhg=='],
  ['x-amz-checksum-crc32c', 'mnG7TA=='],
  ['x-amz-checksum-sha1', 'qvTGHdzF6KLavt4PO0gs2a6pQ00='],
  ['x-amz-checksum-sha256', 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='],
  ['content-md5', 'XUFAKrxLKna5cZ2REBfFkg=='],
])('%s is held to what comes', async (name, value) => {
  expect(String(await read(plain('hello', { [name]: value })))).toBe('hello');
  const other = `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`;
  expect(await read(plain('hello', { [name]: other }))).toBe('BadDigest');
  expect(await read(plain('hello', { [name]: 'AAAA' }))).toBe('InvalidDigest');
});

test('crc64nvme is the one of the published check value', async () => {
  // of the nine digits it is ae8b14860a799888
  const value = Buffer.from('ae8b14860a799888', 'hex').toString('base64');
  expect(String(await read(plain('123456789', { 'x-amz-checksum-crc64nvme': value })))).toBe('123456789');
});

test('a body that is another than was signed is refused', async () => {
  const other = plain('hello', { 'x-amz-content-sha256': sha256('hallo') });
  expect(await read(other)).toBe('XAmzContentSHA256Mismatch');
  expect(
    await read(plain('hello', { 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' })),
  ).toBe('NotImplemented');
  expect(await read(plain('hello', { 'x-amz-content-sha256': 'none' }))).toBe('InvalidArgument');
});
