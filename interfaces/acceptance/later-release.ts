/** The project template of another release: the files of this one, and more; or not all of them. */
import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { latestTemplateVersion, PROJECT_MIGRATIONS } from '../../infrastructure/postgres/project-template.ts';
import type { PlatformUnderTest } from './platform-under-test.ts';

/** What the platform is until {@link LaterRelease.of} this one: without the files and logins that came after that version. */
export async function earlierRelease(platform: PlatformUnderTest, version: number): Promise<void> {
  const folder = join(platform.folder, 'earlier-template');
  await cp(PROJECT_MIGRATIONS, folder, { recursive: true });
  for (const name of await readdir(folder))
    if (Number(name.slice(0, 4)) > version) await rm(join(folder, name));
  platform.environment['TEMPLATE_DIR'] = folder;
  platform.environment['LOGINS_UP_TO'] = `${version}`;
}

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
    delete platform.environment['LOGINS_UP_TO'];
    return new LaterRelease(folder, await latestTemplateVersion());
  }

  /** One file more. @returns its name */
  async add(name: string, sql: string): Promise<string> {
    const file = `${String(++this.version).padStart(4, '0')}_${name}.sql`;
    await writeFile(join(this.#folder, file), sql);
    return file;
  }
}
