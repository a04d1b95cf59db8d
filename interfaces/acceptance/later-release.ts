/** The project template of a release to come: the files of this one, and more. */
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { latestTemplateVersion, PROJECT_MIGRATIONS } from '../../infrastructure/postgres/project-template.ts';
import type { PlatformUnderTest } from './platform-under-test.ts';

export class LaterRelease {
  readonly #folder: string;
  version: number;

  private constructor(folder: string, version: number) {
    this.#folder = folder;
    this.version = version;
  }

  /** What the platform has from its next start on. */
  static async of(platform: PlatformUnderTest): Promise<LaterRelease> {
    const folder = join(platform.folder, 'template');
    await cp(PROJECT_MIGRATIONS, folder, { recursive: true });
    platform.environment['TEMPLATE_DIR'] = folder;
    return new LaterRelease(folder, await latestTemplateVersion());
  }

  /** One file more. @returns its name */
  async add(name: string, sql: string): Promise<string> {
    const file = `${String(++this.version).padStart(4, '0')}_${name}.sql`;
    await writeFile(join(this.#folder, file), sql);
    return file;
  }
}
