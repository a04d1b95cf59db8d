/** The few pages that the gateway answers itself. */
import { get } from 'node:http';
import type { ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Endpoint } from '../../application/ports/data-apis.ts';

/** the platform gives its own checks 5 s */
const READY_MS = 6_000;
const ASKED_AGAIN_MS = 1_000;

export interface Page {
  readonly status: number;
  readonly body: object;
}

/** alive */
export const HEALTH: Page = { status: 200, body: { status: 'ok' } };

/** Whether what it needs answers too; names what does not. Asked for everybody at once, and not again for a while. */
export class Readiness {
  readonly #platform: Endpoint;
  #last: { readonly page: Promise<Page>; readonly until: number } | undefined;

  constructor(platform: Endpoint) {
    this.#platform = platform;
  }

  page(): Promise<Page> {
    const now = performance.now();
    if (!this.#last || now > this.#last.until) {
      this.#last = { page: this.#ask(), until: now + ASKED_AGAIN_MS };
    }
    return this.#last.page;
  }

  async #ask(): Promise<Page> {
    const waitingFor = await waitsOf(this.#platform);
    return waitingFor === undefined
      ? HEALTH
      : { status: 503, body: { status: 'unavailable', waiting_for: waitingFor } };
  }
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

/** What the platform waits for, or itself; undefined: nothing. */
function waitsOf(platform: Endpoint): Promise<string | undefined> {
  return new Promise((resolve) => {
    const none = () => resolve('platform-api');
    const signal = AbortSignal.timeout(READY_MS);
    get({ ...platform, path: '/ready', agent: false, signal }, (answer) => {
      answer.on('error', none);
      const isReady = answer.statusCode === 200;
      json(answer).then((body) => resolve(isReady ? undefined : namesOf(body)), none);
    }).on('error', none);
  });
}

/** The names alone: what is wrong with each is for who runs it. */
function namesOf(body: unknown): string {
  const { checks } = body as { checks?: Readonly<Record<string, unknown>> };
  const failing = Object.entries(checks ?? {}).filter(([, state]) => state !== 'ok');
  return failing.map(([name]) => name).join(', ') || 'platform-api';
}
