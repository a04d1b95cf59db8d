/** Chromium without a window, as far as this machine has it, and a page of an app's own that it opens. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { CHROMIUM } from '../../infrastructure/process/system-programs.ts';

export async function startBrowser(): Promise<Browser> {
  const program = await CHROMIUM.find(process.env['PATH'] ?? '');
  if (program === undefined) throw new Error('there is no Chromium');
  return chromium.launch({
    executablePath: program,
    // Chromium refuses its sandbox to root
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-dev-shm-usage'],
  });
}

/** @param files by their path, as an app's server has them: `/` is its page. On 127.0.0.1, or on localhost */
export async function serveApp(
  files: Readonly<Record<string, { readonly type: string; readonly text: string }>>,
) {
  const server: Server = createServer((request, response) => {
    const file = files[new URL(request.url ?? '/', 'http://app').pathname];
    response
      .writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain' })
      .end(file?.text ?? 'nothing');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The client library as its npm package has it for `<script src>` */
export async function clientBundle(): Promise<string> {
  const main = createRequire(import.meta.url).resolve('@supabase/supabase-js');
  const root = main.slice(0, main.lastIndexOf('supabase-js') + 'supabase-js'.length);
  return readFile(join(dirname(join(root, 'package.json')), 'dist', 'umd', 'supabase.js'), 'utf8');
}
