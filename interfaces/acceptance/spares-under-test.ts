/** The spare projects of a platform, and how tests wait for them. */
import { expect, vi } from 'vitest';
import { patience } from './patience.ts';
import type { PlatformUnderTest } from './platform-under-test.ts';

const PATIENCE = patience(100);

export interface SpareUnderTest {
  readonly id: string;
  readonly status: string;
  readonly template_version: number;
}

/** Those of which anything may stand, the oldest first, as the read model shows them. */
export const sparesOf = (platform: PlatformUnderTest): Promise<readonly SpareUnderTest[]> =>
  platform.sql<{ id: string; status: string; template_version: number }>(
    `SELECT id, status, template_version FROM view_project_list.projects
     WHERE owner_id = '' AND status <> 'purged' ORDER BY created_at, id`,
    [],
    'launchdb',
  );

/**
 * So many stand ready, and nothing else is under way with them.
 * @param claimed one that the read model may still take for a spare
 * @returns their ids, the oldest first
 */
export const readySpares = (
  platform: PlatformUnderTest,
  count: number,
  claimed?: string,
): Promise<readonly string[]> =>
  vi.waitFor(async () => {
    const spares = await sparesOf(platform);
    expect(spares.map(({ status }) => status)).toEqual(Array.from({ length: count }, () => 'spare'));
    const ids = spares.map(({ id }) => id);
    expect(ids).not.toContain(claimed);
    return ids;
  }, PATIENCE);

/** How many databases of projects there are, whoever knows of them. */
export async function databasesOf(platform: PlatformUnderTest): Promise<number> {
  return (await platform.sql("SELECT FROM pg_database WHERE datname ~ '^proj_'")).length;
}
