import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { onCluster, testDatabase } from '../testing/database.ts';
import { makePlatformTables } from '../testing/platform-tables.ts';

test('sessions of the release before go on, and it can still begin some while the next one starts', async () => {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  await onCluster(database.url, async (client) => {
    await makePlatformTables(client, 14);
    const owner = 'own_0000000000000001';
    await client.query(`INSERT INTO accounts.owners VALUES ($1, 'a@example.org', 'a hash', now())`, [owner]);
    const begin = () =>
      client.query(
        `INSERT INTO accounts.sessions (session_id, owner_id, started_at, expires_at) VALUES ($1, $2, now(), now())`,
        [randomUUID(), owner],
      );
    await begin();
    await makePlatformTables(client);
    await begin();
    const { rows } = await client.query('SELECT kind, token_hash, last_seen_at FROM accounts.sessions');
    const plain = { kind: 'tokens', token_hash: null, last_seen_at: null };
    expect(rows).toEqual([plain, plain]);
    for (const half of ["kind = 'browser'", "token_hash = decode(repeat('00', 32), 'hex')"])
      await expect(client.query(`UPDATE accounts.sessions SET ${half}`)).rejects.toThrow(/constraint/);
  });
});
