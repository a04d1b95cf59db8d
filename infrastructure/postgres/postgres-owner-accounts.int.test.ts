import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { newAccount, ownerAccountsContract } from '../../application/ports/owner-accounts.contract.ts';
import { personalTokensContract } from '../../application/ports/personal-tokens.contract.ts';
import { testPlatform, type TestPlatform } from '../testing/platform-tables.ts';
import { PostgresOwnerAccounts } from './postgres-owner-accounts.ts';
import { PostgresPersonalTokens } from './postgres-personal-tokens.ts';

describe('with the rights of the platform', () => {
  let platform: TestPlatform;
  let pool: pg.Pool;

  beforeAll(async () => {
    platform = await testPlatform();
    ({ pool } = platform);
  });

  afterAll(async () => {
    await platform[Symbol.asyncDispose]();
  });

  ownerAccountsContract('postgres', () => new PostgresOwnerAccounts(pool));
  personalTokensContract(
    'postgres',
    () => new PostgresPersonalTokens(pool),
    async () => {
      const owner = newAccount();
      await new PostgresOwnerAccounts(pool).create(owner);
      return owner.ownerId;
    },
  );

  test('passwords cannot be changed and accounts not removed by the platform itself', async () => {
    await expect(pool.query("UPDATE accounts.owners SET password_hash = ''")).rejects.toThrow(
      'permission denied',
    );
    await expect(pool.query('DELETE FROM accounts.owners')).rejects.toThrow('permission denied');
  });

  test('a server that is away is unavailable', async () => {
    const away = new pg.Pool({ host: '127.0.0.1', port: 1 });
    await expect(new PostgresOwnerAccounts(away).findById('own_x')).rejects.toThrow(Unavailable);
    await away.end();
  });
});
