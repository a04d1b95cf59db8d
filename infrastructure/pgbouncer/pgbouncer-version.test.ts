import { expect, test } from 'vitest';
import { requireGuardlessVersion } from './pgbouncer-version.ts';

test.each(['1.18.0', '1.25.2', '1.26.0', '1.26', '0.99.9', 'of no known version'])(
  '%s needs the guard',
  (version) =>
    expect(() => requireGuardlessVersion(version)).toThrow(
      'POOLER_GUARD=off needs PgBouncer 1.26.1 or later',
    ),
);

test.each(['1.26.1', '1.26.2', '1.27.0', '2.0'])('%s may be reached without it', (version) =>
  expect(() => requireGuardlessVersion(version)).not.toThrow(),
);
