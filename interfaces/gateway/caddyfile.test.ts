/** The Caddyfile is a second door: what it says by itself is what the gateway says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dependency } from '../../application/errors.ts';
import { REQUEST_ID } from '../http/request-id.ts';
import { IN_WORDS, type Problem } from '../http/problems.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { PROBLEMS, restError } from './problem.ts';
import { routeOf } from './route.ts';
import { routesOf, type Route, type RouteName } from './routes.ts';

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

describe('rows', () => {
  const A = 'proj_00000000000000aa';
  const routes = Object.entries(routesOf(DEFAULT_LIMITS)) as [RouteName, Route][];
  const snippet = (name: string) =>
    new RegExp(`^\\(${name}\\) \\{\\n(.*?)^\\}`, 'ms').exec(caddyfile)?.[1] ?? '';
  const regexpOf = (matcher: string) =>
    new RegExp(
      new RegExp(`@${matcher} (?:\\{.*?)?vars_regexp (?:target )?\\{http.request.uri\\} (\\S+)`, 's').exec(
        caddyfile,
      )?.[1] ?? '!',
    );
  /** what Caddy takes to a service itself, in its order */
  const services = [...snippet('services').matchAll(/^\t@([\w-]+) /gm)].map(([, name = '']) => name);
  const ways: readonly [string, RegExp][] = [
    ['data-api', regexpOf('rest')],
    ['data-api', regexpOf('table')],
    ...services.map((name) => [name, regexpOf(name)] as [string, RegExp]),
  ];
  const throughCaddy = (target: string) => ways.find(([, regexp]) => regexp.test(target))?.[0] ?? 'gateway';
  const pathsOf = ({ place }: Route): string[] =>
    place.of === 'project'
      ? [
          `/project/${A}/${place.segment}/v1/x`,
          `/project/${A}/${place.segment}/v1/x/y?z=1`,
          ...(place.short ? [`/project/${A}/todos`, `/project/${A}/todos?id=eq.1`] : []),
        ]
      : [...place.paths, ...place.below.flatMap((first) => [`/${first}`, `/${first}/x/y?z=1`])];

  test.each(routes)('%s is reached where the table says', (name, route) => {
    for (const path of pathsOf(route)) {
      expect([path, routeOf(path).kind]).toEqual([path, name]);
      expect([path, throughCaddy(path)]).toEqual([path, route.direct ? name : 'gateway']);
    }
  });

  describe('what Caddy takes somewhere itself is what the gateway takes there', () => {
    const words =
      `project ${A} rest auth storage v1 v2 api docs openapi.json todos .. . %2e %2f x ?y=1 ?y#z`.split(' ');
    const starts = ['/', '/api', '/docs', ...routes.flatMap(([, route]) => pathsOf(route))];
    const preflight = regexpOf('preflight');
    const check = (target: string) => {
      const taken = throughCaddy(target);
      if (taken !== 'gateway') expect([target, routeOf(target).kind]).toEqual([target, taken]);
      if (preflight.test(target) && !/\/[.]/.test(target))
        expect([target, routeOf(target).kind]).toEqual([target, 'data-api']);
    };

    test('for every place with every two words behind it', () => {
      const behind = words.flatMap((one) => [one, ...words.map((two) => `${one}/${two}`)]);
      for (const start of starts)
        for (const text of behind) for (const glue of ['', '/']) check(start + glue + text);
    });

    test('for any target', () => {
      const pieces = fc.oneof(fc.constantFrom(...words, '/', '//'), fc.string({ maxLength: 3 }));
      const targets = fc
        .tuple(fc.constantFrom(...starts), fc.array(pieces, { maxLength: 8 }), fc.constantFrom('', '/'))
        .map(([start, list, glue]) => start + glue + list.join(glue));
      fc.assert(fc.property(targets, check), { numRuns: 3000 });
    });
  });

  test('those of services are the table’s, no more and no less', () => {
    const direct = routes.filter(([, { direct, to }]) => direct && to === 'service').map(([name]) => name);
    expect(services.toSorted()).toEqual(direct.toSorted());
  });

  test('by way of the gateway nothing is cut short that the gateway waits for', () => {
    const longest = Math.max(...routes.map(([, { silenceMs }]) => silenceMs));
    expect(snippet('to-gateway')).toContain(`response_header_timeout ${longest / 1000}s\n`);
    // one for all of its connections
    const slowest = Math.max(...routes.map(([, { requestMs }]) => requestMs));
    expect(caddyfile).toContain(`read_body ${slowest / 1000}s\n`);
  });

  test.each(routes.filter(([, { direct }]) => direct))('%s has the same bounds', (name, route) => {
    const text =
      name === 'data-api'
        ? snippet('data-api') + snippet('data-api-transport')
        : (new RegExp(`handle @${name} \\{.*?\\n\\t\\}`, 's').exec(snippet('services'))?.[0] ?? '');
    expect(text).toContain(`vars away ${route.service}\n`);
    expect(text).toContain(`max_size ${route.bodyBytes / 1024 / 1024}MiB\n`);
    expect(text).toContain(`response_header_timeout ${route.silenceMs / 1000}s\n`);
  });
});
