/** The few pages that the gateway answers itself. */
import { get } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Endpoint } from '../../application/ports/data-apis.ts';

const READY_MS = 2_000;

export interface Page {
  readonly status: number;
  readonly body: object;
}

export const WELCOME: Page = {
  status: 200,
  body: { name: 'LaunchDB', docs: '/docs', openapi: '/openapi.json', api: '/api' },
};

/** alive */
export const HEALTH: Page = { status: 200, body: { status: 'ok' } };

/** Whether what it needs answers too; names what does not. */
export async function readiness(platform: Endpoint): Promise<Page> {
  if (await isAlive(platform)) return HEALTH;
  return { status: 503, body: { status: 'unavailable', waiting_for: 'platform-api' } };
}

export function writePage(response: ServerResponse, page: Page, requestId: string): void {
  const body = Buffer.from(JSON.stringify(page.body));
  response.writeHead(page.status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
  });
  response.end(body);
}

function isAlive(endpoint: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(READY_MS);
    get({ ...endpoint, path: '/health', agent: false, signal }, (answer) => {
      answer.on('error', () => {}).resume();
      resolve(answer.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}
