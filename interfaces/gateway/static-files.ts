/**
 * Files of a folder, such as the console's: read once and served from memory, by their paths alone. Nothing that a client
 * writes becomes the name of a file.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Refused } from '../../application/errors.ts';
import { takesGzip, WORTH_PACKING_BYTES } from './encodings.ts';

/** Whatever its own origin does not serve is not loaded, and nothing that stands in the page is run. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
const INDEX = '/index.html';
/** what a bundler puts here has a name that follows from what is in it */
const NAMED_BY_CONTENT = /^\/assets\//;

interface StaticFile {
  readonly bytes: Buffer;
  readonly packed: Buffer | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
}

export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>;

  private constructor(files: ReadonlyMap<string, StaticFile>) {
    this.#files = files;
  }

  /** @throws {Refused} the folder holds no page */
  static async read(folder: string): Promise<StaticFiles> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const names = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const files = await Promise.all(
      names.map(async (name) => {
        const path = name.slice(join(folder, '.').length).replaceAll('\\', '/');
        return [path, fileOf(path, await readFile(name))] as const;
      }),
    );
    const byPath = new Map(files);
    if (!byPath.has(INDEX)) throw new Refused(`there is no page in ${folder}. Build it, or leave it out.`);
    return new StaticFiles(byPath);
  }

  /**
   * Answers a GET or HEAD. A path of the page's own, which has no ending, is the page's.
   * @param path as it came, with a query
   * @returns false: there is nothing at the path
   */
  answer(request: IncomingMessage, response: ServerResponse, path: string, requestId: string): boolean {
    const plain = path.split('?', 1)[0] ?? '/';
    const file = this.#files.get(plain) ?? (extname(plain) === '' ? this.#files.get(INDEX) : undefined);
    if (!file) return false;
    const { 'accept-encoding': accepted, 'if-none-match': known } = request.headers;
    const common = { ...file.headers, etag: file.etag, 'x-request-id': requestId };
    if (known?.split(',').some((tag) => tag.trim() === file.etag)) {
      response.writeHead(304, common).end();
      return true;
    }
    const packed = takesGzip(accepted) ? file.packed : undefined;
    const bytes = packed ?? file.bytes;
    response.writeHead(200, {
      ...common,
      ...(packed && { 'content-encoding': 'gzip' }),
      'content-length': bytes.length,
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return true;
  }
}

function fileOf(path: string, bytes: Buffer): StaticFile {
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  const isText = /^text|json$|svg/.test(type.split(';')[0] ?? '');
  const cached = NAMED_BY_CONTENT.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
  return {
    bytes,
    packed: isText && bytes.length >= WORTH_PACKING_BYTES ? gzipSync(bytes) : undefined,
    // weak: the same in gzip
    etag: `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    headers: {
      'content-type': type,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': cached,
      vary: 'Accept-Encoding',
    },
  };
}
