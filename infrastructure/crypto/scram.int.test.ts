import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { onCluster } from '../testing/database.ts';
import { NOTHING_TO_GUESS, scramVerifier } from './scram.ts';

test.each([undefined, NOTHING_TO_GUESS])(
  'PostgreSQL keeps the verifier and takes the password for it: %s iterations',
  async (iterations) => {
    const clusterUrl = inject('clusterUrl');
    const role = `scram_${randomBytes(4).toString('hex')}`;
    const verifier = await scramVerifier('correct-horse', undefined, iterations);
    await onCluster(clusterUrl, async (admin) => {
      await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(verifier)}`);
      try {
        const { rows } = await admin.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [role]);
        expect(rows).toEqual([{ rolpassword: verifier }]);
        const login = (password: string) => {
          const url = new URL(clusterUrl);
          url.username = role;
          url.password = password;
          return onCluster(url.href, (client) => client.query('SELECT 1'));
        };
        await expect(login('correct-horse')).resolves.toBeDefined();
        await expect(login('wrong')).rejects.toMatchObject({ code: '28P01' });
      } finally {
        await admin.query(`DROP ROLE ${role}`);
      }
    });
  },
);
