import { describe, expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import type { DownloadLink, SignedLinks, UploadLink } from './signed-links.ts';

const project = projectId('proj_0123456789abcdef');
const other = projectId('proj_fedcba9876543210');
const [NEW, OLD] = ['n'.repeat(40), 'o'.repeat(40)];

/**
 * @param at the adapter, with its clock so many seconds from now
 * @param forge signs anything with HS256, `alg` and all
 */
export function signedLinksContract(
  adapter: string,
  at: (seconds: number) => SignedLinks,
  forge: (header: object, payload: object, secret: Uint8Array | string) => string,
): void {
  const links = at(0);
  const keys = links.keysOf(project, [NEW]);
  const download: DownloadLink = { scope: 'download', url: "docs/a b (1)&ü'.txt" };
  const upload: UploadLink = { scope: 'upload', url: 'docs/new.txt', owner: 'zoë', upsert: true };
  const payloadOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
  const fault = (token: string, given = keys) => links.read(given, token, 'download');

  describe(`signed links: ${adapter}`, () => {
    test('a link is read as it was signed, for what it was signed for alone', () => {
      const changed = { ...download, transformations: 'width:100' };
      for (const link of [download, changed]) {
        const token = links.sign(keys, link, 60);
        expect(links.read(keys, token, 'download')).toEqual({ link });
        expect(links.read(keys, token, 'upload')).toEqual({ fault: 'other' });
      }
      for (const link of [upload, { ...upload, owner: undefined, upsert: false }]) {
        const token = links.sign(keys, link, 60);
        expect(links.read(keys, token, 'upload')).toEqual({ link });
        expect(links.read(keys, token, 'download')).toEqual({ fault: 'other' });
      }
    });

    test('it says in whole seconds from when to when it is good, and is good no second longer', () => {
      const token = links.sign(keys, download, 60);
      const { iat, exp, ...others } = payloadOf(token);
      expect(others).toEqual({ ...download });
      expect(Number(exp) - Number(iat)).toBe(60);
      expect(Number.isInteger(iat)).toBe(true);
      expect(at(59).read(keys, token, 'download')).toEqual({ link: download });
      expect(at(61).read(keys, token, 'download')).toEqual({ fault: 'expired' });
      // clocks differ a little
      expect(at(-20).read(keys, token, 'download')).toEqual({ link: download });
      expect(at(-3_600).read(keys, token, 'download')).toEqual({ fault: 'not-yet' });
    });

    test('whatever still verifies tokens verifies links, and what does not any more does not', () => {
      const before = links.keysOf(project, [OLD]);
      const token = links.sign(before, download, 60);
      expect(links.read(links.keysOf(project, [NEW, OLD]), token, 'download')).toEqual({ link: download });
      expect(fault(token)).toEqual({ fault: 'signature' });
      expect(fault(links.sign(links.keysOf(project, [NEW, OLD]), download, 60))).toEqual({ link: download });
      expect(fault(token, [])).toEqual({ fault: 'signature' });
    });

    test('links of another project are none, though their secret is the same', () => {
      expect(fault(links.sign(links.keysOf(other, [NEW]), download, 60))).toEqual({ fault: 'signature' });
    });

    test('tokens of the project are no links, and links no tokens', () => {
      const payload = { ...download, iat: 0, exp: 4_102_444_800 };
      expect(fault(forge({ alg: 'HS256', typ: 'JWT' }, payload, NEW))).toEqual({ fault: 'signature' });
      const [said, signature] = [links.sign(keys, download, 60).split('.').slice(0, 2).join('.'), 2];
      const again = forge({ alg: 'HS256', typ: 'JWT' }, payloadOf(`${said}.`), NEW);
      expect(links.sign(keys, download, 60).split('.')[signature]).not.toBe(again.split('.')[signature]);
    });

    test('whatever was altered, or signed otherwise, is no link', () => {
      const token = links.sign(keys, download, 60);
      for (let place = 0; place < token.length; place++) {
        if (token[place] === '.') continue;
        const altered = token.slice(0, place) + (token[place] === 'A' ? 'B' : 'A') + token.slice(place + 1);
        expect(links.read(keys, altered, 'download')).toHaveProperty('fault');
      }
      const [header, said, signature] = token.split('.');
      const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
      const payload = { ...download, exp: 4_102_444_800 };
      const all = [
        '',
        'a.b.c',
        `${header}.${said}.`,
        `${header}.${said}`,
        `${token}.`,
        ` ${token}`,
        `${unsigned}.${said}.`,
        `${unsigned}.${said}.${signature}`,
        forge({ alg: 'none' }, payload, keys[0]!),
        forge({ alg: 'HS512', typ: 'JWT' }, payload, keys[0]!),
        forge({ alg: 'HS256', typ: 'JWT' }, payload, ''),
        'x'.repeat(1_000_000),
      ];
      for (const one of all)
        expect([one, links.read(keys, one, 'download')]).toEqual([
          one,
          expect.objectContaining({ fault: expect.any(String) as string }),
        ]);
    });

    test('one that says no end, or not what of, is no link', () => {
      const good = { ...download, iat: 0, exp: 4_102_444_800 };
      const sign = (payload: object) => forge({ alg: 'HS256', typ: 'JWT' }, payload, keys[0]!);
      expect(fault(sign(good))).toEqual({ link: download });
      for (const change of [{ exp: undefined }, { exp: '4102444800' }, { url: 1 }, { transformations: 1 }])
        expect(fault(sign({ ...good, ...change }))).toEqual({ fault: 'malformed' });
      expect(fault(sign({ ...good, scope: 'upload' }))).toEqual({ fault: 'other' });
      expect(fault(sign({ ...good, scope: undefined }))).toEqual({ fault: 'other' });
      expect(fault(sign([good]))).toHaveProperty('fault');
    });
  });
}
