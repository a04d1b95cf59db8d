/** Keys, requests and signatures are those of AWS's own examples for Signature Version 4 in S3. */
import { expect, test } from 'vitest';
import { s3Request, type S3Request } from './s3-request.ts';
import { signedBy, shownBy, type Addressed } from './signature.ts';

const KEY = 'AKIAIOSFODNN7EXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const TIME = '20130524T000000Z';
const AT = new Date('2013-05-24T00:00:00Z');
const HOST = 'examplebucket.s3.amazonaws.com';
const NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const SCOPE = `${KEY}/20130524/us-east-1/s3/aws4_request`;

interface Example {
  readonly method?: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signature: string;
}

function signed({ method = 'GET', url, headers, signature }: Example): S3Request {
  const all: Record<string, string> = {
    Host: HOST,
    'x-amz-content-sha256': NOTHING,
    'x-amz-date': TIME,
    ...headers,
  };
  const names = Object.keys(all)
    .map((name) => name.toLowerCase())
    .sort();
  const authorization = `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders=${names.join(';')},Signature=${signature}`;
  return s3Request(
    { method, rawHeaders: Object.entries({ ...all, Authorization: authorization }).flat() },
    url,
  );
}

const verified = (
  request: S3Request,
  { now = AT, secrets = [SECRET], host = HOST }: { now?: Date; secrets?: string[]; host?: string } = {},
): boolean => signedBy(request, shownBy(request, now), secrets, [{ host, path: request.path }]) !== undefined;

const codeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

const GET: Example = {
  url: '/test.txt',
  headers: { Range: 'bytes=0-9' },
  signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
};
const PUT: Example = {
  method: 'PUT',
  url: '/test$file.text',
  headers: {
    Date: 'Fri, 24 May 2013 00:00:00 GMT',
    'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  },
  signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
};
const LIFECYCLE: Example = {
  url: '/?lifecycle',
  headers: {},
  signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
};
const LIST: Example = {
  url: '/?max-keys=2&prefix=J',
  headers: {},
  signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
};

const LINK = [
  '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256',
  `X-Amz-Credential=${encodeURIComponent(SCOPE)}`,
  `X-Amz-Date=${TIME}`,
  'X-Amz-Expires=86400',
  'X-Amz-SignedHeaders=host',
  'X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
].join('&');

const linked = (url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): S3Request =>
  s3Request({ method, rawHeaders: Object.entries({ Host: HOST, ...headers }).flat() }, url);

test.each([
  ['a range of an object', GET],
  ['an upload', PUT],
  ['a parameter without a value', LIFECYCLE],
  ['a list', LIST],
])('%s is signed by who signed it, and by nobody else', (_what, example) => {
  expect(verified(signed(example))).toBe(true);
  expect(verified(signed(example), { secrets: ['another', `${SECRET}x`] })).toBe(false);
  expect(verified(signed(example), { secrets: ['another', SECRET] })).toBe(true);
  expect(verified(signed(example), { host: 'elsewhere' })).toBe(false);
});

test('a signature is good for the request that was signed alone', () => {
  const others: readonly Example[] = [
    { ...GET, method: 'DELETE' },
    { ...GET, url: '/test.txt2' },
    { ...GET, url: '/test.txt?acl' },
    { ...GET, headers: { Range: 'bytes=0-10' } },
    { ...GET, headers: { Range: 'bytes=0-9', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
    { ...GET, signature: GET.signature.replace('f0', 'f1') },
    { ...LIST, url: '/?max-keys=20&prefix=J' },
    { ...LIST, url: '/?max-keys=2&prefix=J&prefix=K' },
  ];
  expect(others.map((example) => verified(signed(example)))).toEqual(others.map(() => false));
});

test('proxies may have changed how a place is written', () => {
  expect(verified(signed({ ...LIST, url: '/?prefix=%4A&max-keys=2' }))).toBe(true);
  expect(verified(signed({ ...PUT, url: '/test%24file.text' }))).toBe(true);
  const request = signed(GET);
  const shown = shownBy(request, AT);
  const places: Addressed[] = [
    { host: 'inside:8003', path: '/elsewhere' },
    { host: HOST, path: '/test.txt' },
  ];
  expect(signedBy(request, shown, [SECRET], places)).toBeDefined();
});

test('a link is good until it is over', () => {
  const at = (seconds: number) =>
    codeOf(() => verified(linked(LINK), { now: new Date(AT.getTime() + seconds * 1000) }));
  expect([at(0), at(86_400), at(-899)]).toEqual([true, true, true]);
  expect([at(86_401), at(-901)]).toEqual(['AccessDenied', 'AccessDenied']);
});

test('a link does what was signed and no more', () => {
  expect(verified(linked(LINK, {}, 'PUT'))).toBe(false);
  expect(verified(linked(LINK.replace('86400', '86401')))).toBe(false);
  expect(verified(linked(`${LINK}&response-content-type=text%2Fhtml`))).toBe(false);
  expect(codeOf(() => verified(linked(LINK, { 'x-amz-copy-source': '/b/secret' })))).toBe('AccessDenied');
  expect(
    verified(linked(LINK, { 'Content-Type': 'image/png', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' })),
  ).toBe(true);
});

test.each([
  ['604801 seconds', LINK.replace('86400', '604801')],
  ['no seconds', LINK.replace('X-Amz-Expires=86400&', '')],
  ['another algorithm', LINK.replace('HMAC-SHA256', 'HMAC-SHA1')],
  ['another service', LINK.replace('%2Fs3%2F', '%2Fec2%2F')],
  ['the date of another day', LINK.replace('20130524%2F', '20130525%2F')],
  ['no signature', LINK.replace(/X-Amz-Signature=.*/, 'X-Amz-Signature=00')],
])('a link with %s is malformed', (_what, url) =>
  expect(codeOf(() => shownBy(linked(url), AT))).toBe('AuthorizationQueryParametersError'),
);

test('what is signed twice, not at all, too early or too late is refused', () => {
  const minutes = (count: number) => new Date(AT.getTime() + count * 60_000);
  expect(codeOf(() => shownBy(signed(GET), minutes(15)))).toMatchObject({ accessKey: KEY });
  expect(codeOf(() => shownBy(signed(GET), minutes(16)))).toBe('RequestTimeTooSkewed');
  expect(codeOf(() => shownBy(signed(GET), minutes(-16)))).toBe('RequestTimeTooSkewed');
  expect(codeOf(() => shownBy(linked('/test.txt'), AT))).toBe('AccessDenied');
  expect(codeOf(() => shownBy(linked(LINK, { Authorization: 'AWS4-HMAC-SHA256 x' }), AT))).toBe(
    'InvalidArgument',
  );
  expect(codeOf(() => shownBy(linked('/test.txt', { Authorization: 'AWS AKIA:sig' }), AT))).toBe(
    'AuthorizationHeaderMalformed',
  );
  expect(codeOf(() => shownBy(linked(LINK.replace('SignedHeaders=host', 'SignedHeaders=range')), AT))).toBe(
    'AccessDenied',
  );
});

test.each<[string, Readonly<Record<string, string>>, (authorization: string) => string, string]>([
  ['another service', {}, (text) => text.replace('/s3/', '/ec2/'), 'AuthorizationHeaderMalformed'],
  [
    'the date of another day',
    {},
    (text) => text.replace('20130524/', '20130525/'),
    'AuthorizationHeaderMalformed',
  ],
  ['another end', {}, (text) => text.replace('aws4_request', 'aws3_request'), 'AuthorizationHeaderMalformed'],
  ['a signature cut short', {}, (text) => text.slice(0, -1), 'AuthorizationHeaderMalformed'],
  ['no host among what is signed', {}, (text) => text.replace('=host;', '='), 'AccessDenied'],
  [
    'a header that was not signed',
    { 'x-amz-acl': 'private' },
    (text) => text.replace('x-amz-acl;', ''),
    'AccessDenied',
  ],
  ['a time that is none', { 'x-amz-date': '20130524T000000' }, (text) => text, 'AccessDenied'],
  ['no time', { 'x-amz-date': '' }, (text) => text, 'AuthorizationHeaderMalformed'],
])('a header with %s is refused', (_what, more, change, code) => {
  const { headers, ...request } = signed({ url: '/test.txt', headers: more, signature: GET.signature });
  const authorization = change(headers.get('authorization') ?? '');
  const changed = { ...request, headers: new Map([...headers, ['authorization', authorization]]) };
  expect(codeOf(() => verified(changed))).toBe(code);
});

test('a signature of one region is none of another', () => {
  const { headers, ...request } = signed(GET);
  const authorization = (headers.get('authorization') ?? '').replace('us-east-1', 'eu-west-1');
  expect(verified({ ...request, headers: new Map([...headers, ['authorization', authorization]]) })).toBe(
    false,
  );
});

test('without a word of its body a request is none', () => {
  const { headers, ...request } = signed(GET);
  const without = new Map([...headers].filter(([name]) => name !== 'x-amz-content-sha256'));
  expect(codeOf(() => verified({ ...request, headers: without }))).toBe('InvalidRequest');
});
