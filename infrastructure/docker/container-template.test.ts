import type { ContainerInspectInfo } from 'dockerode';
import { expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { containerName, createBody, isAsMade, nextContainerName } from './container-template.ts';

const values = {
  platform: 'platform',
  project: projectId('proj_0123456789abcdef'),
  imageId: 'sha256:abc',
  network: 'launchdb',
  config: 'c0ffee',
  release: '0.1.0',
};

test('what a container is made of', () => {
  expect(createBody(values)).toMatchInlineSnapshot(`
    {
      "Cmd": [
        "/config/postgrest.conf",
      ],
      "Entrypoint": [
        "postgrest",
      ],
      "Env": [
        "PGREQUIREAUTH=scram-sha-256",
      ],
      "HostConfig": {
        "CapDrop": [
          "ALL",
        ],
        "LogConfig": {
          "Config": {
            "max-file": "2",
            "max-size": "1m",
          },
          "Type": "json-file",
        },
        "Memory": 268435456,
        "MemorySwap": 268435456,
        "Mounts": [
          {
            "Source": "",
            "Target": "/config",
            "Type": "volume",
          },
        ],
        "NanoCpus": 1000000000,
        "NetworkMode": "launchdb",
        "PidsLimit": 128,
        "ReadonlyRootfs": true,
        "RestartPolicy": {
          "MaximumRetryCount": 0,
          "Name": "always",
        },
        "SecurityOpt": [
          "no-new-privileges:true",
        ],
        "Ulimits": [
          {
            "Hard": 0,
            "Name": "core",
            "Soft": 0,
          },
        ],
      },
      "Image": "sha256:abc",
      "Labels": {
        "launchdb.config": "c0ffee",
        "launchdb.platform": "platform",
        "launchdb.project": "proj_0123456789abcdef",
        "launchdb.release": "0.1.0",
        "launchdb.template": "96163729986dff3edaeacb0c49d54ec3",
      },
      "StopSignal": "SIGTERM",
      "User": "65532:65532",
    }
  `);
});

test('a project reaches nothing but labels, and no label but its own', () => {
  const { Labels: first, ...one } = createBody(values);
  const other = { ...values, project: projectId('proj_fedcba9876543210'), config: 'other' };
  const { Labels: second, ...another } = createBody(other);
  expect(another).toEqual(one);
  expect(second).toEqual({
    ...first,
    'launchdb.project': 'proj_fedcba9876543210',
    'launchdb.config': 'other',
  });
});

test.each(['x', '../../images', 'proj_0123456789abcdef/json', 'proj_0123456789ABCDEF'])(
  '%j gets into no name of a container',
  (id) => {
    for (const name of [containerName, nextContainerName]) expect(() => name(id as never)).toThrow();
  },
);

const seen = () => {
  const { Labels, Image, User, HostConfig } = createBody(values);
  return {
    Image,
    Config: { Labels, User },
    HostConfig,
    NetworkSettings: { Networks: { launchdb: {} } },
  } as unknown as ContainerInspectInfo;
};

test('as it was made', () => {
  expect(isAsMade(seen(), createBody(values))).toBe(true);
});

test.each<[string, (info: ContainerInspectInfo) => unknown]>([
  ['image', (info) => (info.Image = 'sha256:other')],
  ['user', (info) => (info.Config.User = '0')],
  ['template', (info) => (info.Config.Labels['launchdb.template'] = 'other')],
  ['memory', (info) => (info.HostConfig.Memory = 0)],
  ['processor', (info) => (info.HostConfig.NanoCpus = 0)],
  ['processes', (info) => (info.HostConfig.PidsLimit = 0)],
  ['restart policy', (info) => (info.HostConfig.RestartPolicy = { Name: 'no' })],
  ['root', (info) => (info.HostConfig.ReadonlyRootfs = false)],
  ['privileges', (info) => (info.HostConfig.Privileged = true)],
  ['binds', (info) => (info.HostConfig.Binds = ['/:/host'])],
  ['networks', (info) => Object.assign(info.NetworkSettings.Networks, { other: {} })],
])('with another %s it is not as it was made', (_title, change) => {
  const info = seen();
  change(info);
  expect(isAsMade(info, createBody(values))).toBe(false);
});
