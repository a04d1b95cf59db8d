/** The port's contract is run on these in socket-proxy.docker.test.ts, where the way to the engine is the product's. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { GenericContainer, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Refused, Unavailable } from '../../application/errors.ts';
import { askedDuring, limitedTo, ROWS } from '../../application/ports/data-apis.contract.ts';
import type { DataApi } from '../../application/ports/data-apis.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { servedRows } from '../testing/projects.ts';
import { containerName, LISTENING, nextContainerName } from './container-template.ts';
import { DockerDataApis } from './docker-data-apis.ts';
import { DockerEngine } from './docker-engine.ts';
import { dockerRuntime } from '../testing/containers.ts';
import { startDockerd } from '../testing/dockerd.ts';
import { startSocketProxy } from '../testing/socket-proxy.ts';

const run = promisify(execFile);
const BACK = { timeout: 30_000, interval: 25 };
type Runtime = Awaited<ReturnType<typeof dockerRuntime>>;

describe('PostgREST containers', () => {
  let harness: Runtime;
  let api: DataApi;
  let project: ProjectId;
  let dataApis: DockerDataApis;
  beforeAll(async () => {
    harness = await dockerRuntime();
    ({ dataApis } = harness);
    api = await harness.prepare();
    ({ project } = api);
    await dataApis.ensure(api);
  });
  afterAll(() => harness.close());

  const container = () => harness.engine.docker.getContainer(containerName(project));
  const id = async () => (await harness.inspect(project)).Id;
  const served = () => vi.waitFor(async () => expect(await harness.rows(project)).toBe(ROWS), BACK);

  test('the configuration is its own alone, and no secret is anywhere else', async () => {
    const info = await harness.inspect(project);
    const log = await harness.engine.lastLog(containerName(project), 1_000);
    for (const secret of [api.authenticatorPassword, ...api.jwtSecrets]) {
      expect(JSON.stringify(info) + log).not.toContain(secret);
    }
    const file = `/proc/${info.State.Pid}/root/config/postgrest.conf`;
    const { stdout } = await run('stat', ['-c', '%a %u', file]);
    expect(stdout.trim()).toBe('400 65532');
    expect(info.Mounts.map(({ Type }) => Type)).toEqual(['volume']);
  });

  test('from a container the pooler can be reached, its console and other containers cannot', async () => {
    const other = await harness.prepare();
    onTestFinished(() => dataApis.remove(other.project));
    await dataApis.ensure(other);
    const { Pid } = (await harness.inspect(project)).State;
    /** whether a connection can be made with the container's network */
    const reaches = (host: string, port: number, withinMs: number) =>
      run('nsenter', ['-t', String(Pid), '-n', 'bash', '-c', `exec 3<>/dev/tcp/${host}/${port}`], {
        timeout: withinMs,
      }).then(
        () => true,
        () => false,
      );
    const { port } = harness.pools;
    const elsewhere = dataApis.endpoint(other.project)?.host ?? '';
    expect(
      await Promise.all([
        reaches(harness.network.gateway, port, 20_000),
        reaches(elsewhere, LISTENING.port, 2_000),
        reaches('1.1.1.1', 53, 2_000),
      ]),
    ).toEqual([true, false, false]);
    const console = new pg.Client({
      host: harness.network.gateway,
      port,
      user: 'launchdb_admin',
      password: 'secret',
      database: 'pgbouncer',
    });
    await expect(console.connect()).rejects.toThrow(/auth|reject/);
  });

  test('settings change in the container that runs, a password in a new one', async () => {
    const before = await id();
    await dataApis.ensure(limitedTo(api, 4));
    expect(await id()).toBe(before);
    api = await harness.changePassword(api);
    await dataApis.ensure(api);
    expect(await id()).not.toBe(before);
    expect(await harness.rows(project)).toBe(ROWS);
  });

  test('a new one that does not get ready takes nothing from the one that runs', async () => {
    const before = await id();
    // not a number for PostgREST either, which ends itself
    const wrong = limitedTo({ ...api, authenticatorPassword: 'wrong' }, Number.NaN);
    await expect(dataApis.ensure(wrong)).rejects.toThrow(Unavailable);
    expect(await id()).toBe(before);
    expect(await harness.rows(project)).toBe(ROWS);
    expect(await harness.engine.inspect(nextContainerName(project))).toBeUndefined();
    await dataApis.ensure(api);
    expect(await id()).toBe(before);
  });

  test('the engine starts it again by itself, also after a reload and with another address', async () => {
    await dataApis.ensure(limitedTo(api, 4));
    await dataApis.ensure(api);
    const before = await id();
    const address = dataApis.endpoint(project);
    await harness.kill(project);
    await vi.waitFor(() => expect(dataApis.endpoint(project)).toBeUndefined(), BACK);
    // the next one that starts may get the address that it had
    const other = await harness.prepare();
    await dataApis.ensure(other);
    await served();
    expect(await id()).toBe(before);
    expect(dataApis.endpoint(project)).not.toEqual(dataApis.endpoint(other.project));
    expect([address?.host, dataApis.endpoint(other.project)?.host]).toContain(address?.host);
    expect(await dataApis.state(api)).toBe('as-wanted');
    await dataApis.remove(other.project);
  });

  test('limits set by hand are set right without a failed request', async () => {
    await container().update({ PidsLimit: 64 });
    const answers = await askedDuring(
      () => harness.rows(project),
      () => dataApis.ensure(api),
    );
    expect([...answers]).toEqual([ROWS]);
    expect((await harness.inspect(project)).HostConfig.PidsLimit).toBe(128);
  });

  test.each<[string, 'different' | 'absent', () => Promise<unknown>]>([
    ['given more memory', 'different', () => container().update({ Memory: 2 ** 29, MemorySwap: 2 ** 29 })],
    ['paused', 'absent', () => container().pause()],
    ['stopped', 'absent', () => container().stop({ t: 0 })],
    ['removed', 'absent', () => container().remove({ force: true, v: true })],
    ['renamed', 'absent', () => container().rename({ name: `mine-${project}` })],
    [
      'cut off from the network',
      'absent',
      async () =>
        harness.engine.docker
          .getNetwork(harness.network.name)
          .disconnect({ Container: await id(), Force: true }),
    ],
  ])('%s by hand: it is told, seen and mended', async (_how, state, change) => {
    const told: string[] = [];
    dataApis.onDisturbed((one) => told.push(one));
    const changed = await id();
    await change();
    onTestFinished(() => harness.engine.remove(changed));
    await vi.waitFor(() => expect(told).toEqual([project]), BACK);
    expect(await dataApis.state(api)).toBe(state);
    await dataApis.ensure(api);
    expect(await dataApis.state(api)).toBe('as-wanted');
    expect(await harness.rows(project)).toBe(ROWS);
    expect(told).toEqual([project]);
  });

  test('the network tidied away while nothing was on it comes back as it was', async () => {
    await dataApis.remove(project);
    await harness.engine.docker.getNetwork(harness.network.name).remove();
    await dataApis.ensure(api);
    expect(await harness.rows(project)).toBe(ROWS);
    const info = await harness.engine.docker.getNetwork(harness.network.name).inspect();
    expect(info).toMatchObject({ Internal: true, IPAM: { Config: [{ Subnet: harness.network.subnet }] } });
  });

  test('a container of the same name that is not ours is refused and left alone', async () => {
    vi.stubEnv('DOCKER_HOST', harness.engine.host);
    // it cannot be pulled everywhere
    vi.stubEnv('TESTCONTAINERS_RYUK_DISABLED', 'true');
    onTestFinished(() => void vi.unstubAllEnvs());
    const other = await harness.prepare();
    const foreign = await new GenericContainer(harness.options.imageId)
      .withName(containerName(other.project))
      .withCommand(['--help'])
      .withEntrypoint(['postgrest'])
      .withWaitStrategy(Wait.forOneShotStartup())
      .withNetworkMode('none')
      .start();
    onTestFinished(() => harness.engine.remove(foreign.getId()));
    await expect(dataApis.ensure(other)).rejects.toThrow(Refused);
    expect(await dataApis.state(other)).toBe('different');
    await dataApis.remove(other.project);
    expect(await dataApis.list()).toEqual([project]);
    expect((await harness.inspect(other.project)).Id).toBe(foreign.getId());
  });

  /** What a run of ours that was killed leaves is what we have; the next run knows nothing of it. */
  async function nextRun(): Promise<DockerDataApis> {
    const next = await DockerDataApis.create({ ...harness.options, endWithUs: false });
    onTestFinished(() => next.stop());
    expect(await next.list()).toEqual([project]);
    expect(next.endpoint(project)).toBeUndefined();
    return next;
  }

  test('what an earlier run left is adopted, reloaded or replaced', async () => {
    const left = await id();
    const next = await nextRun();
    await next.ensure(api);
    expect(await servedRows(next, project)).toBe(ROWS);
    await (await nextRun()).ensure(limitedTo(api, 2));
    expect(await servedRows(next, project)).toBe(2);
    expect(await id()).toBe(left);
    api = await harness.changePassword(api);
    const later = await nextRun();
    await later.ensure(api);
    expect(await id()).not.toBe(left);
    expect(await servedRows(later, project)).toBe(ROWS);
    await dataApis.ensure(api);
  });

  test('what was cut short is done again', async () => {
    // between the new one's start and the old one's end
    const { engine } = harness;
    await engine.rename(containerName(project), nextContainerName(project));
    await (await nextRun()).ensure(api);
    expect(await engine.inspect(nextContainerName(project))).toBeUndefined();
    // between the writing of a configuration and its being taken up
    const file = { name: 'postgrest.conf', content: '# not taken up yet\n', mode: 0o400, owner: 65_532 };
    await engine.putFile(containerName(project), '/config', file);
    const left = await id();
    const next = await nextRun();
    await next.ensure(api);
    expect(await id()).toBe(left);
    expect(await servedRows(next, project)).toBe(ROWS);
    await dataApis.ensure(api);
  });
});

describe('PostgREST containers and an engine that is not always there', () => {
  test('the way to the engine lost: what happened meanwhile is noticed', async () => {
    const direct = await dockerRuntime();
    const proxy = await startSocketProxy(direct.engine.host);
    const dataApis = await DockerDataApis.create({
      ...direct.options,
      engine: new DockerEngine(proxy.host),
    });
    onTestFinished(async () => {
      await dataApis.stop().catch(() => {});
      await direct.close();
      await proxy.stop();
    });
    const [api, other] = [await direct.prepare(), await direct.prepare()];
    for (const one of [api, other]) await dataApis.ensure(one);
    const told: string[] = [];
    dataApis.onDisturbed((project) => told.push(project));
    await proxy.stop();
    await expect(dataApis.state(api)).rejects.toThrow(Unavailable);
    await direct.engine.remove(containerName(api.project));
    const again = await startSocketProxy(direct.engine.host, Number(new URL(proxy.host).port));
    onTestFinished(() => again.stop());
    await vi.waitFor(() => expect(told).toEqual([api.project]), BACK);
    expect(dataApis.endpoint(api.project)).toBeUndefined();
    expect(await servedRows(dataApis, other.project)).toBe(ROWS);
    await dataApis.ensure(api);
    expect(await servedRows(dataApis, api.project)).toBe(ROWS);
  });

  test('the engine restarted: they come back by themselves, also after a reload', async () => {
    const dockerd = await startDockerd({ filters: false });
    const harness = await dockerRuntime(undefined, new DockerEngine(dockerd.host));
    onTestFinished(async () => {
      await harness.close();
      await dockerd.close();
    });
    const { dataApis } = harness;
    const [api, other] = [await harness.prepare(), await harness.prepare()];
    for (const one of [api, other]) await dataApis.ensure(one);
    await dataApis.ensure(limitedTo(api, 3));
    await dockerd.restart();
    await vi.waitFor(async () => expect(await harness.rows(api.project)).toBe(3), BACK);
    await vi.waitFor(async () => expect(await harness.rows(other.project)).toBe(ROWS), BACK);
    expect(await dataApis.state(limitedTo(api, 3))).toBe('as-wanted');
  });
});
