/** A project's bucket with files of several sizes, the same files in a folder, and curl, which moves them. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { newName, ownerOf } from './bench-project.ts';
import { answerOf } from './keep-asking.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;

export type Direction = 'download' | 'upload';

export class BenchFiles {
  readonly platform: PlatformUnderTest;
  readonly project: ProjectId;
  readonly #folder: string;
  readonly #key: string;

  private constructor(platform: PlatformUnderTest, project: ProjectId, folder: string, key: string) {
    this.platform = platform;
    this.project = project;
    this.#folder = folder;
    this.#key = key;
  }

  /** @param folder has a folder `files` @param sizes in MiB */
  static async make(
    platform: PlatformUnderTest,
    folder: string,
    sizes: readonly number[],
  ): Promise<BenchFiles> {
    const token = await ownerOf(platform);
    const { body } = await platform.call<{ id: string }>('POST', '/api/projects', {
      token,
      body: { name: newName() },
    });
    const keys = await platform.call<{ service_role_key: string }>('GET', `/api/projects/${body.id}/keys`, {
      token,
    });
    const files = new BenchFiles(platform, projectId(body.id), folder, keys.body.service_role_key);
    await files.ask('POST', '/bucket', { id: 'bench', name: 'bench', public: false });
    for (const size of sizes) {
      await writeFile(files.#local(size), randomBytes(size * MIB));
      await files.curl('upload', size, files.url(`/object/bench/${size}`), 1);
    }
    return files;
  }

  #local(size: number): string {
    return join(this.#folder, 'files', String(size));
  }

  /** at the service itself, without the gateway */
  url(path: string): string {
    return `http://127.0.0.1:${this.platform.environment['STORAGE_PORT']}/project/${this.project}/storage/v1${path}`;
  }

  ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const headers = { authorization: `Bearer ${this.#key}` };
    return answerOf<T>(this.url(path), { method, headers, body });
  }

  /** So many times, one after the other on one connection. @throws one was not answered as it should be */
  async curl(direction: Direction, size: number, url: string, times: number): Promise<void> {
    const each = ['-o', '/dev/null', ...(direction === 'upload' ? ['-T', this.#local(size)] : []), url];
    const type = direction === 'upload' ? ['-H', 'content-type: application/octet-stream'] : [];
    // it would ask first whether it may send, which takes a second where nobody answers that
    const headers = ['-H', `authorization: Bearer ${this.#key}`, '-H', 'expect:', ...type];
    const all = Array.from({ length: times }, () => each).flat();
    await run('curl', ['-sS', '--fail', '-g', ...headers, ...all]);
  }
}
