import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold, type Recorded } from '../../domain/decider.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { ProjectEvent, ProjectEventType, SigningKey } from '../../domain/project/events.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import type { ProjectCommand } from '../../domain/project/project.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import { foldDesiredProject, type DesiredProjectRow } from '../desired-projects/desired-projects.ts';
import { fillRow } from '../fill-row.ts';
import { foldProjectRow, type ProjectRow } from './project-list.ts';

const id = projectId('proj_0123456789abcdef');
const birth = {
  projectId: id,
  ownerId: 'own_1',
  name: 'shop',
  displayName: 'Shop',
  templateVersion: 2,
  server: 'main',
  secrets: { keyVersion: 1, ciphertext: 'sealed' },
  dataApi: { maxRows: 10, schemas: ['public'] },
};

const { ownerId: _, name: __, displayName: ___, ...spare } = birth;
const claim = {
  requestedAs: projectId('proj_aaaaaaaaaaaaaaaa'),
  ownerId: 'own_2',
  name: 'shoe',
  displayName: 'Shoe',
  templateVersion: 2,
  server: 'main',
  dataApi: birth.dataApi,
};

const commands: fc.Arbitrary<ProjectCommand> = fc.constantFrom<ProjectCommand>(
  { kind: 'RequestProject', ...birth },
  { kind: 'RenameProject', displayName: 'Other' },
  { kind: 'ChangeDataApiSettings', dataApi: { maxRows: 11, schemas: [] } },
  { kind: 'PauseProject' },
  { kind: 'ResumeProject' },
  { kind: 'SleepProject', idleSince: new Date('2030-01-01T00:00:00.000Z') },
  { kind: 'WakeProject' },
  { kind: 'DeleteProject', purgeAfter: new Date('2030-01-01T00:00:00.000Z') },
  { kind: 'UndeleteProject' },
  { kind: 'PurgeProject' },
  { kind: 'RetryStep' },
  { kind: 'RetryStepOnce', now: new Date('2030-01-01T00:00:00.000Z') },
  { kind: 'ChangeLimits', limits: { databaseSizeMb: 10 } },
  ...[5, 9, 11, 150].map(
    (size) =>
      ({
        kind: 'ReportDatabaseSize',
        seen: { bytes: size * 2 ** 20, rewriting: false },
        platformSizeMb: 10,
      }) as const,
  ),
  { kind: 'UpgradeProject', version: 3 },
  { kind: 'ClaimSpare', ...claim },
  { kind: 'GiveUpSpare', because: 'age' },
);

const PLAIN: readonly ProjectEventType[] = [
  'DatabaseDropped', 'DatabaseUsersRemoved', 'DatabaseOpened', 'DatabaseClosed', 'PoolRegistered',
  'PoolUnregistered', 'PostgrestSpawned', 'PostgrestRemoved', 'PostgrestReloaded', 'ProjectNameReleased',
  'ProjectFilesRemoved',
  'ProjectActivated', 'ProjectPaused', 'ProjectResumed', 'ProjectDeleted', 'ProjectUndeleted', 'ProjectPurged',
  'ProjectPauseRequested', 'ProjectResumeRequested', 'ProjectUndeleteRequested', 'ProjectPurgeRequested',
  'StepRetryRequested', 'ProjectWakeRequested', 'ProjectSlept', 'ProjectKeptAwake', 'ProjectWoken',
  'PreviousJwtSecretRetired',
  'DatabasePasswordChanged',
  'DatabasePasswordInForce',
  'DatabaseUsersBounded',
  'ProjectLimitsInForce',
  'SparePrepared',
]; // prettier-ignore

const ROTATED = { keyVersion: 1, ciphertext: 'rotated' };

const key = (kid: string): SigningKey => ({
  publicKey: { kid, use: 'sig', alg: 'RS256', kty: 'RSA', n: 'n', e: 'AQAB' },
  sealed: ROTATED,
});

const facts: fc.Arbitrary<ProjectEvent> = fc.oneof(
  fc.constantFrom(...PLAIN).map((type) => ({ type, data: {} }) as ProjectEvent),
  fc.constantFrom<ProjectEvent>(
    { type: 'ProjectRequested', data: birth },
    { type: 'ProjectRenamed', data: { displayName: 'Third' } },
    { type: 'DataApiSettingsChanged', data: { dataApi: { maxRows: 12, schemas: ['a'] } } },
    { type: 'ProjectDeletionRequested', data: { purgeAfter: '2031-01-01T00:00:00.000Z' } },
    { type: 'ProjectSleepRequested', data: { idleSince: '2031-01-01T00:00:00.000Z' } },
    { type: 'DatabaseCreated', data: { databaseName: 'x' } },
    { type: 'DatabaseUsersCreated', data: { roles: [] } },
    { type: 'SchemaMigrated', data: { version: 2 } },
    { type: 'SchemaMigrated', data: { version: 3 } },
    { type: 'ProjectUpgradeRequested', data: { version: 3 } },
    { type: 'ProjectUpgraded', data: { from: 2, to: 3 } },
    { type: 'ProjectUpgradeFailed', data: { version: 3, step: 's', reason: 'r' } },
    { type: 'ProvisioningFailed', data: { step: 's', reason: 'r' } },
    { type: 'SpareClaimed', data: { projectId: id, ...claim } },
    { type: 'SpareGivenUp', data: { because: 'room' } },
    { type: 'ProjectSuspended', data: { step: 's', reason: 'r' } },
    { type: 'JwtSecretRotated', data: { secrets: ROTATED, overlapUntil: '2031-01-01T00:00:00.000Z' } },
    { type: 'SigningKeyChanged', data: { key: key('a'), overlapUntil: '2026-01-01T00:00:20.000Z' } },
    { type: 'SigningKeyChanged', data: { key: key('b'), overlapUntil: '2031-01-01T00:00:00.000Z' } },
    { type: 'SigningKeyChanged', data: { key: null, overlapUntil: '2030-01-01T00:00:00.000Z' } },
    { type: 'SigningKeysRetired', data: { kids: ['a'] } },
    { type: 'DatabasePasswordRotated', data: { secrets: ROTATED } },
    { type: 'DriftDetected', data: { what: 'w', expected: 'e', actual: 'a' } },
    { type: 'DriftRepaired', data: { what: 'w' } },
    { type: 'DatabaseSizeExceeded', data: { bytes: 12, limitBytes: 10 } },
    { type: 'DatabaseSizeBackWithinLimit', data: { bytes: 8, limitBytes: null } },
  ),
  fc
    .record({ direction: fc.constantFrom('do' as const, 'undo' as const), final: fc.boolean() })
    .map<ProjectEvent>(({ direction, final }) => ({
      type: 'StepFailed',
      data: {
        step: 's',
        direction,
        attempt: 1,
        reason: 'r',
        retryAt: final ? null : '2026-01-01T00:00:00.000Z',
      },
    })),
);

/** Any history, sensible or not: commands that were obeyed, mixed with whatever a process may record. */
const histories = fc
  .tuple(
    fc.array(facts, { maxLength: 1 }),
    fc.constantFrom<ProjectCommand>({ kind: 'RequestProject', ...birth }, { kind: 'RequestSpare', ...spare }),
    fc.array(fc.oneof(commands, facts), { maxLength: 40 }),
  )
  .map(([stray, first, steps]) => [...stray, first, ...steps])
  .map((steps) =>
    steps.reduce<StoredEvent[]>((history, step) => [...history, ...happened(history, step)], []),
  );

function happened(history: readonly StoredEvent[], step: ProjectCommand | ProjectEvent): StoredEvent[] {
  return decided(history, step).map((event, index) => ({
    ...event,
    id: '00000000-0000-4000-8000-000000000000',
    stream: `project-${id}`,
    metadata: {
      correlationId: 'c',
      causationId: null,
      actor: { kind: 'system', id: 'test' },
      reason: 'test',
    },
    revision: history.length + index,
    position: BigInt(history.length + index + 1),
    schemaVersion: 1,
    recordedAt: new Date(Date.UTC(2026, 0, 1) + (history.length + index) * 1000),
    hash: '',
  }));
}

function decided(
  history: readonly StoredEvent[],
  step: ProjectCommand | ProjectEvent,
): readonly ProjectEvent[] {
  if ('type' in step) return [step];
  try {
    return projectDecider.decide(step, folded(history));
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return [];
  }
}

const folded = (history: readonly StoredEvent[]) =>
  fold(projectDecider, history as unknown as Recorded<ProjectEvent>[]);

/** What a row is after it was in the database. */
const stored = <Row>(row: Row | undefined): Row | undefined => row && (structuredClone(row) as Row);

test('every prefix of any history: the row is what the domain folds', () => {
  fc.assert(
    fc.property(histories, (history) => {
      let row: ProjectRow | undefined;
      for (const [index, event] of history.entries()) {
        row = stored(foldProjectRow(row, [event]));
        const project = folded(history.slice(0, index + 1));
        if (project.kind !== 'project') {
          expect(row).toBeUndefined();
          continue;
        }
        const { held } = project.signingKeys;
        const untils = held.flatMap(({ until }) => until ?? []);
        expect(row).toEqual({
          id,
          owner_id: project.ownerId,
          name: project.name,
          display_name: project.displayName,
          status: project.status,
          process: project.run?.process ?? null,
          postgrest: project.resources.postgrest,
          template_version: project.templateVersion,
          data_api: project.dataApi,
          limits: project.limits,
          fill: fillRow(project.fill),
          purge_after: project.purgeAfter,
          previous_keys_until: project.previousKeys?.until ?? null,
          signing_keys: Object.fromEntries(held.map(({ publicKey, until }) => [publicKey.kid, until])),
          signing_keys_until: untils.length > 0 ? new Date(untils.toSorted()[0]!) : null,
          created_at: project.createdAt,
          updated_at: project.updatedAt,
          revision: project.revision,
          position: event.position,
        });
      }
      // however many come at once
      expect(foldProjectRow(undefined, history)).toEqual(row);
    }),
    { numRuns: 500 },
  );
});

test('every prefix of any history: what shall stand is what the domain folds', () => {
  fc.assert(
    fc.property(histories, (all) => {
      // nothing but a new request, which the domain refuses, follows a purge
      const end = all.findIndex(({ type }) => type === 'ProjectPurged');
      const history = end < 0 ? all : all.slice(0, end + 1);
      let row: DesiredProjectRow | undefined;
      for (const [index, event] of history.entries()) {
        row = stored(foldDesiredProject(row, [event]));
        const project = folded(history.slice(0, index + 1));
        if (project.kind !== 'project' || project.status === 'purged') {
          expect(row).toBeUndefined();
          continue;
        }
        expect(row).toEqual({
          project_id: id,
          owner_id: project.ownerId,
          status: project.status,
          process: project.run?.process ?? null,
          ...project.resources,
          secrets: project.secrets,
          previous_keys: project.previousKeys && {
            secrets: project.previousKeys.secrets,
            until: project.previousKeys.until.toISOString(),
          },
          signing_keys: project.signingKeys,
          data_api: project.dataApi,
          template_version: project.templateVersion,
          server: project.server,
          limits: project.limits,
          fill: fillRow(project.fill),
          revision: project.revision,
        });
      }
      expect(stored(foldDesiredProject(undefined, history))).toEqual(row);
    }),
    { numRuns: 500 },
  );
});
