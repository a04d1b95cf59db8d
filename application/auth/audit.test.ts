import { describe, expect, test } from 'vitest';
import type { AuditEntry } from '../ports/user-directory.ts';
import { affected, audit, SERVICE_KEY } from './audit.ts';

const at = new Date('2026-08-01T10:00:00Z');
const ann = { id: 'a-1', email: 'ann@example.com', phone: null, userMetadata: { full_name: 'Ann' } };

async function written(...args: readonly [action: 'login' | 'user_deleted', actor: typeof ann]) {
  const entries: (AuditEntry & { at: Date })[] = [];
  const rows = { audit: async (entry: AuditEntry, when: Date) => void entries.push({ ...entry, at: when }) };
  await audit(rows, ...args, at, { ip: '192.0.2.1' }, { provider: 'email' });
  return entries;
}

describe('an audit entry', () => {
  test('says who, by the name that they gave, and what kind of thing it was', async () => {
    expect(await written('login', ann)).toEqual([
      {
        action: 'login',
        logType: 'account',
        actorId: 'a-1',
        actorUsername: 'ann@example.com',
        actorName: 'Ann',
        traits: { provider: 'email' },
        ip: '192.0.2.1',
        at,
      },
    ]);
  });

  test('goes by the telephone where there is one, and has no name where it is none', async () => {
    const odd = { ...ann, phone: '491701234567', userMetadata: { full_name: 7 } };
    const [entry] = await written('login', odd as never);
    expect(entry).toMatchObject({ actorUsername: '491701234567' });
    expect(entry).not.toHaveProperty('actorName');
  });

  test('of the service key has nobody’s id', async () => {
    const [entry] = await written('user_deleted', SERVICE_KEY as never);
    expect(entry).toMatchObject({
      actorId: '00000000-0000-0000-0000-000000000000',
      actorUsername: 'service_role',
      logType: 'team',
    });
    expect(affected(ann)).toEqual({ user_id: 'a-1', user_email: 'ann@example.com', user_phone: '' });
  });
});
