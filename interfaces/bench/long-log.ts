/** A log of many projects' lives, as a platform that has run for years would have it. */
import { createHash, randomUUID } from 'node:crypto';
import type { EventMetadata, EventStore, NewEvent } from '../../application/ports/event-store.ts';
import { DEFAULT_DATA_API_SETTINGS, type ProjectEvent } from '../../domain/project/events.ts';
import { projectId, projectStream, type ProjectId } from '../../domain/project/project-id.ts';

export const PROJECTS = 10_000;
export const EVENTS_PER_PROJECT = 20;
export const OWNERS = 100;
const ROUNDS_OF_LIFE = 6;
const AT_ONCE = 64;

export const metadata: EventMetadata = {
  correlationId: 'bench',
  causationId: null,
  actor: { kind: 'process', id: 'provision' },
  reason: 'provision: register-pool',
  ip: '192.0.2.1',
  userAgent: 'bench/1.0',
};

/** As good as random, and the same each time. */
const digits = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

export const idOf = (nth: number): ProjectId => projectId(`proj_${digits(`project ${nth}`)}`);
export const ownerOf = (nth: number): string => `own_${digits(`owner ${nth % OWNERS}`)}`;
const plain = (type: ProjectEvent['type']) => ({ type, data: {} }) as ProjectEvent;

/** A birth, a new name, pauses; at the end the project is paused, or purged. */
function lifeOf(nth: number, end: 'paused' | 'purged'): NewEvent[] {
  const id = idOf(nth);
  const born: ProjectEvent = {
    type: 'ProjectRequested',
    data: {
      projectId: id,
      ownerId: ownerOf(nth),
      name: `project-${nth}`,
      displayName: `Project ${nth}`,
      templateVersion: 1,
      server: 'main',
      secrets: { keyVersion: 1, ciphertext: 'x'.repeat(400) },
      dataApi: DEFAULT_DATA_API_SETTINGS,
    },
  };
  const up = ['PoolRegistered', 'PostgrestSpawned', 'ProjectActivated'] as const;
  const events: ProjectEvent[] = [
    born,
    { type: 'DatabaseCreated', data: { databaseName: id } },
    { type: 'DatabaseUsersCreated', data: { roles: [`${id}_owner`, `${id}_authenticator`] } },
    { type: 'SchemaMigrated', data: { version: 1 } },
    ...up.map(plain),
    { type: 'ProjectRenamed', data: { displayName: `Renamed ${nth}` } },
  ];
  for (let round = 1; round <= ROUNDS_OF_LIFE; round++) {
    const last = round === ROUNDS_OF_LIFE && end === 'purged';
    events.push(plain(last ? 'ProjectPurgeRequested' : 'ProjectPauseRequested'));
    events.push(plain(last ? 'ProjectPurged' : 'ProjectPaused'));
  }
  return events.map(({ type, data }) => ({ id: randomUUID(), type, data, metadata }));
}

/** @returns the number of events */
export async function fillLog(
  store: Pick<EventStore, 'append'>,
  end: 'paused' | 'purged',
  projects = PROJECTS,
): Promise<number> {
  let next = 0;
  const lane = async () => {
    for (let nth = next++; nth < projects; nth = next++)
      await store.append(projectStream(idOf(nth)), 'none', lifeOf(nth, end));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return projects * EVENTS_PER_PROJECT;
}
