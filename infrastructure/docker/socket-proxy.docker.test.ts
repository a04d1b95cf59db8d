import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { managedDataApisContract } from '../../application/ports/data-apis.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { containerName } from './container-template.ts';
import { dockerRuntime } from '../testing/containers.ts';
import { startSocketProxy, type TestSocketProxy } from '../testing/socket-proxy.ts';

managedDataApisContract('PostgREST containers through the socket proxy', async () => {
  const proxy = await startSocketProxy(inject('dockerHost'));
  const harness = await dockerRuntime(proxy.host);
  const close = async () => {
    await harness.close();
    await proxy.stop();
  };
  return { ...harness, close };
});

describe('through the socket proxy', () => {
  let proxy: TestSocketProxy;
  beforeAll(async () => {
    proxy = await startSocketProxy(inject('dockerHost'));
  });
  afterAll(() => proxy.stop());

  const ours = containerName(newProject());
  /** Without the tidying of addresses that fetch does. */
  const status = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const { hostname: host, port } = new URL(proxy.host);
    const type = { 'content-type': 'application/json', 'content-length': '2' };
    const asked = request({ host, port, method, path, headers: { ...type, ...headers }, agent: false });
    asked.end('{}');
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.destroy();
    return answer.statusCode;
  };

  test.each([
    ['GET', '/_ping', 200],
    ['GET', '/v1.41/containers/json', 200],
    ['GET', `/v1.41/containers/${ours}/json`, 404],
    ['DELETE', `/containers/${ours}--next?force=true`, 404],
    ['POST', `/containers/${ours}/kill?signal=SIGUSR1`, 404],
  ])('%s %s reaches the engine', async (method, path, expected) => {
    expect(await status(method, path)).toBe(expected);
  });

  test.each([
    // a shell, files and streams of containers
    ['POST', `/containers/${ours}/exec`],
    ['POST', '/v1.41/exec/abc/start'],
    ['POST', `/containers/${ours}/attach`],
    ['GET', `/containers/${ours}/attach/ws`],
    ['GET', `/containers/${ours}/export`],
    ['GET', `/containers/${ours}/archive?path=/etc/passwd`],
    ['PUT', `/containers/${ours}/archive?path=/`],
    ['POST', `/containers/${ours}/update`],
    ['POST', `/containers/${ours}/kill?signal=SIGKILL`],
    // containers of others
    ['GET', '/containers/postgres/json'],
    ['GET', '/containers/0123456789ab/logs'],
    ['GET', '/containers/postgres/archive?path=%2Fconfig%2Fpostgrest.conf'],
    ['DELETE', '/containers/postgres?force=true'],
    ['POST', '/containers/postgres/start'],
    ['POST', '/containers/create'],
    ['POST', '/containers/create?name=evil'],
    ['POST', `/containers/create?name=${ours}&name=evil`],
    ['POST', `/containers/create?n%61me=evil&name=${ours}`],
    ['POST', `/containers/postgres/rename?name=${ours}`],
    ['POST', `/containers/${ours}--next/rename?name=evil`],
    ['POST', '/containers/prune'],
    // the rest of the engine
    ['GET', '/info'],
    ['GET', '/volumes'],
    ['POST', '/volumes/create'],
    ['GET', '/secrets'],
    ['POST', '/swarm/init'],
    ['GET', '/services'],
    ['POST', '/commit'],
    ['POST', '/auth'],
    ['POST', '/build'],
    ['POST', '/build?remote=http://evil&t=launchdb%2Fpostgrest%3Abuilt-here&rm=true&forcerm=true'],
    ['POST', '/images/create?fromSrc=http://evil'],
    ['POST', '/images/load'],
    ['DELETE', '/images/postgres'],
    ['DELETE', '/networks/bridge'],
    ['POST', '/networks/bridge/connect'],
    ['GET', '/images/../containers/json'],
    ['GET', '/v1.41/../info'],
    ['GET', '//info'],
    ['GET', '/'],
  ])('%s %s is refused', async (method, path) => {
    expect(await status(method, path)).toBe(403);
  });

  test('a form, whose fields would win over the query, is refused', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await status('POST', `/containers/create?name=${ours}`, form)).toBe(403);
  });
});
