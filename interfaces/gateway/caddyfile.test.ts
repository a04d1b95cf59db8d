/** The Caddyfile is a second door: what it says by itself is what the gateway says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Dependency } from '../../application/errors.ts';
import { REQUEST_ID } from '../http/request-id.ts';
import { IN_WORDS, type Problem } from '../http/problems.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { PROBLEMS, restError } from './problem.ts';

const caddyfile = readFileSync(
  join(import.meta.dirname, '..', '..', 'infrastructure', 'caddy', 'Caddyfile'),
  'utf8',
);

describe('errors', () => {
  const told = [...caddyfile.matchAll(/respond (?:@\w+ )?`(\{"[^`]*)` (\d+)/g)];
  const services = [...caddyfile.matchAll(/vars away (\w+)\n\s+vars service "([^"]+)"/g)].map(
    ([, away = '', words]) => [away as Dependency, words] as const,
  );
  const known: Readonly<Record<string, (service: Dependency) => Problem>> = {
    'request/too-large': () => PROBLEMS.bodyTooLarge(DEFAULT_LIMITS.bodyBytes),
    'gateway/timeout': (service) => PROBLEMS.tooSlow(service),
    'gateway/outcome-unknown': (service) => PROBLEMS.upstreamLost(true, service),
    'gateway/unreachable': (service) => PROBLEMS.unreachable(service),
    'gateway/upstream-lost': (service) => PROBLEMS.upstreamLost(false, service),
  };

  test('name the services as the gateway does', () => {
    expect(services.map(([away]) => away).toSorted()).toEqual(['gateway', 'platform_api', 'rest_api']);
    for (const [away, words] of services) expect(words).toBe(IN_WORDS[away]);
  });

  test('are the gateway’s, word by word', () => {
    const codes = told.map(([, text = '']) => (JSON.parse(text) as { code: string }).code);
    expect(codes.toSorted()).toEqual(Object.keys(known).toSorted());
    for (const [service, words] of services) {
      for (const [at, [, text = '', status]] of told.entries()) {
        const said = text
          .replaceAll('{header.x-request-id}', 'id')
          .replaceAll('{vars.service}', words ?? '')
          .replaceAll('{vars.away}', service);
        const problem = known[codes[at] ?? '']?.(service);
        if (!problem) throw new Error(`unknown: ${text}`);
        const ours = restError(problem, { requestId: 'id', headers: {} });
        expect(JSON.parse(said)).toEqual(JSON.parse(ours.body));
        expect(Number(status)).toBe(ours.status);
      }
    }
  });
});

test('a request keeps its id by the same rule', () => {
  expect(caddyfile).toContain(`not header_regexp X-Request-Id ${REQUEST_ID.source}\n`);
});

test('a body has the same bound', () => {
  expect(caddyfile).toContain(`max_size ${DEFAULT_LIMITS.bodyBytes / 1024 / 1024}MiB`);
});
