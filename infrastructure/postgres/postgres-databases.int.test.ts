import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refused } from '../../application/errors.ts';
import { databasesContract, newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import { authenticatorRole, ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import { PROJECT_LOGINS } from '../../domain/project/project-logins.ts';
import { AesSecrets } from '../crypto/aes-secrets.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresServer, type InDatabaseOptions } from './postgres-server.ts';
import { latestTemplateVersion } from './project-template.ts';
import { clusterAddress, testServer } from '../testing/server.ts';

const secrets = new AesSecrets(randomBytes(32));

async function as<T>(
  user: string,
  password: string,
  database: string,
  work: (client: pg.Client) => Promise<T>,
) {
  const { host, port } = clusterAddress();
  const client = new pg.Client({ host, port, user, password, database });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** All of the contract's databases come from the newest template. */
class LatestTemplate extends PostgresDatabases {
  override async ensureDatabase(project: ProjectId, _version?: number, signal?: AbortSignal): Promise<void> {
    return super.ensureDatabase(project, await latestTemplateVersion(), signal);
  }
}

databasesContract('PostgreSQL', async () => {
  const server = await testServer();
  const { logins } = await secrets.issue();
  const plain = (sql: string) => server.administer('a foreign database', (client) => client.query(sql));
  return {
    databases: new LatestTemplate(server),
    logins,
    otherVerifier: logins.authenticator.verifier,
    makeForeign: async (project) => void (await plain(`CREATE DATABASE ${project}`)),
    removeForeign: async (project) => void (await plain(`DROP DATABASE ${project}`)),
    canConnect: (project) =>
      as(ownerRole(project), logins.owner.password, project, (client) => client.query('SELECT 1')).then(
        () => true,
        () => false,
      ),
    close: () => server.close(),
  };
});

describe('isolation', () => {
  let server: PostgresServer;
  let databases: PostgresDatabases;
  let logins: DatabaseLogins;
  const [mine, other] = [newProject(), newProject()];
  const plain = (sql: string) => server.administer('look', (client) => client.query(sql));
  const asOwner = (sql: string, database: string = mine) =>
    as(ownerRole(mine), logins.owner.password, database, (client) => client.query(sql));
  const asAuthenticator = (sql: string, database: string = mine) =>
    as(authenticatorRole(mine), logins.authenticator.password, database, (client) => client.query(sql));

  beforeAll(async () => {
    server = await testServer();
    databases = new LatestTemplate(server);
    ({ logins } = await secrets.issue());
    for (const project of [mine, other]) {
      await databases.ensureDatabase(project, 1);
      await databases.ensureUsers(project, logins, USUAL_BOUNDS);
    }
  });

  afterAll(async () => {
    for (const project of [mine, other]) {
      await databases.dropDatabase(project);
      await databases.removeUsers(project);
    }
    await server.close();
  });

  test('a login reaches its own database and no other', async () => {
    const template = `launchdb_template_v${await latestTemplateVersion()}`;
    await expect(asOwner('SELECT 1')).resolves.toBeDefined();
    for (const database of [other, template]) {
      await expect(asOwner('SELECT 1', database)).rejects.toThrow(
        /permission denied|not currently accepting/,
      );
      await expect(asAuthenticator('SELECT 1', database)).rejects.toThrow(
        /permission denied|not currently accepting/,
      );
    }
  });

  test('nobody holds CONNECT by a shared role or by PUBLIC', async () => {
    const { rows } = await server.administer('look', (client) =>
      client.query(
        `SELECT datname FROM pg_database d, unnest(ARRAY['anon', 'authenticated', 'service_role']) role
         WHERE datname IN ($1, $2) AND has_database_privilege(role, d.oid, 'CONNECT')`,
        [mine, other],
      ),
    );
    expect(rows).toEqual([]);
  });

  test.each([
    ['become superuser', `ALTER ROLE CURRENT_USER SUPERUSER`],
    ['make a role', 'CREATE ROLE intruder'],
    ['make a database', 'CREATE DATABASE intruder'],
    ['run a program', `COPY (SELECT 1) TO PROGRAM 'true'`],
    ['read a file', `SELECT pg_read_file('postgresql.conf')`],
    ['read password verifiers', 'SELECT rolpassword FROM pg_authid'],
    ['change the server', `ALTER SYSTEM SET log_statement = 'all'`],
    ['become another project', `SET ROLE ${ownerRole(other)}`],
    ['become the superuser', 'SET ROLE postgres'],
    ['hand a shared role on', `GRANT service_role TO ${ownerRole(other)}`],
    ['drop their database', `DROP DATABASE ${mine}`],
    ['rename their database', `ALTER DATABASE ${mine} RENAME TO ${other}x`],
    ['open their database further', `ALTER DATABASE ${mine} WITH CONNECTION LIMIT -1`],
    ['take the limits off their login', 'ALTER ROLE CURRENT_USER CONNECTION LIMIT -1'],
    ['read settings of files', 'SELECT * FROM pg_hba_file_rules'],
    ['look into folders', `SELECT pg_ls_dir('.')`],
    ['read a file by COPY', `COPY (SELECT 1) TO '/tmp/launchdb-intruder'`],
    ['import a file', `SELECT lo_import('/etc/passwd')`],
    ['export a file', `SELECT lo_export(lo_from_bytea(0, 'x'), '/tmp/launchdb-intruder')`],
    ['reload the server', 'SELECT pg_reload_conf()'],
    ['switch off triggers', `SET session_replication_role = 'replica'`],
    ['log everything', `SET log_statement = 'all'`],
    ['connect elsewhere', 'CREATE EXTENSION dblink'],
    ['reach other servers', 'CREATE EXTENSION postgres_fdw'],
    ['read files as tables', 'CREATE EXTENSION file_fdw'],
    ['run an untrusted language', 'CREATE EXTENSION plpython3u'],
    ['copy the log of changes', `SELECT pg_create_physical_replication_slot('x')`],
    ['watch everything', 'CREATE EVENT TRIGGER spy ON ddl_command_end EXECUTE FUNCTION spy()'],
    ['become somebody else for good', `SET SESSION AUTHORIZATION ${ownerRole(other)}`],
    [
      'change what asks them who they are',
      'CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS $$ SELECT null::uuid $$',
    ],
    ['touch the record of migrations', 'DELETE FROM launchdb.migrations'],
    ['drop what the platform put there', 'DROP SCHEMA auth CASCADE'],
    ['hand out what is not theirs', 'ALTER SCHEMA auth OWNER TO CURRENT_USER'],
    ['give their login to another', `GRANT ${ownerRole(mine)} TO ${ownerRole(other)}`],
  ])("the owner's SQL cannot %s", async (_title, sql) => {
    await expect(asOwner(sql)).rejects.toThrow(
      /denied|must be|cannot|permission|not have admin|must have admin/,
    );
  });

  test("the owner's SQL cannot end sessions of others, whose numbers they may guess", async () => {
    await server.administer('be a victim', async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const end = asOwner(`SELECT pg_terminate_backend(${rows[0]?.pid})`);
      await expect(end).rejects.toThrow(/must be a superuser|permission denied/);
      await client.query('SELECT 1');
    });
  });

  test.each([other, mine])('the owner cannot open a database to others (%#)', async (database) => {
    // without the right to grant, GRANT is only a warning: what counts is that nothing changed
    await asOwner(`GRANT CONNECT ON DATABASE ${database} TO anon, PUBLIC`).catch(() => {});
    const { rows } = await server.administer('look', (client) =>
      client.query(`SELECT 1 WHERE has_database_privilege('anon', $1, 'CONNECT')`, [database]),
    );
    expect(rows).toEqual([]);
  });

  test('the owner makes tables that the shared roles see, under row-level security by auth.uid()', async () => {
    const user = '11111111-1111-4111-8111-111111111111';
    await asOwner(`
      CREATE TABLE notes (id int, author uuid);
      ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON notes USING (author = auth.uid());
      INSERT INTO notes VALUES (1, '${user}'), (2, gen_random_uuid());`);
    const seen = async (role: string, claims: object) => {
      const { rows } = await as(
        authenticatorRole(mine),
        logins.authenticator.password,
        mine,
        async (client) => {
          await client.query('BEGIN');
          await client.query(`SET LOCAL ROLE ${role}`);
          await client.query(`SELECT set_config('request.jwt.claims', $1, true)`, [JSON.stringify(claims)]);
          return client.query<{ id: number }>('SELECT id FROM notes ORDER BY id');
        },
      );
      return rows.map((row) => row.id);
    };
    expect(await seen('authenticated', { sub: user, role: 'authenticated' })).toEqual([1]);
    expect(await seen('anon', {})).toEqual([]);
    expect(await seen('service_role', {})).toEqual([1, 2]);
    // NOINHERIT: the login by itself may do nothing
    await expect(asAuthenticator('SELECT * FROM public.notes')).rejects.toThrow(/permission denied/);
  });

  test('by service_role, too, the way ends at their own database', async () => {
    await expect(asOwner(`SET ROLE service_role; SELECT rolpassword FROM pg_authid`)).rejects.toThrow(
      /denied/,
    );
    for (const role of ['anon', 'authenticated', 'service_role']) {
      await expect(asOwner(`SET ROLE ${role}; SET ROLE ${ownerRole(other)}`)).rejects.toThrow(/denied/);
      const options = encodeURIComponent(`-c role=${role}`);
      const { host, port } = clusterAddress();
      const url = `postgres://${ownerRole(mine)}:${logins.owner.password}@${host}:${port}/${other}?options=${options}`;
      const client = new pg.Client({ connectionString: url });
      await expect(client.connect()).rejects.toThrow(/permission denied for database/);
      await client.end();
    }
  });

  test("a superuser in the project's database meets nothing of the owner's", async () => {
    await asOwner(
      `CREATE SCHEMA postgres; CREATE FUNCTION postgres.trap() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    );
    const trapped = server.inDatabase(mine, 'look', (client) => client.query('SELECT trap()'));
    await expect(trapped).rejects.toThrow('function trap() does not exist');
  });

  test('the owner may throw their own schema away and make it again', async () => {
    const project = newProject();
    await databases.ensureDatabase(project, 1);
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
    const run = (sql: string) =>
      as(ownerRole(project), logins.owner.password, project, (client) => client.query(sql));
    await run('DROP SCHEMA public CASCADE');
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
    await run('CREATE TABLE t (); SET ROLE anon; SELECT * FROM t');
    await run('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
    await run('CREATE TABLE t (); SET ROLE anon; SELECT * FROM t');
    await run('DROP SCHEMA public CASCADE');
    await databases.removeUsers(project);
    await databases.dropDatabase(project);
    expect(await databases.list()).not.toContain(project);
  });

  test('what the owner has taken back from the shared roles stays taken back', async () => {
    const project = newProject();
    await databases.ensureDatabase(project, 1);
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
    const run = (sql: string) =>
      as(ownerRole(project), logins.owner.password, project, (client) => client.query(sql));
    await run(`ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM anon;
      REVOKE USAGE ON SCHEMA public FROM authenticated`);
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
    await run('CREATE TABLE t ()');
    await expect(run('SET ROLE anon; TABLE t')).rejects.toThrow('permission denied for table t');
    await expect(run('SET ROLE authenticated; TABLE public.t')).rejects.toThrow(
      'permission denied for schema',
    );
    await databases.removeUsers(project);
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
    await run('CREATE TABLE u (); SET ROLE anon; TABLE u');
    await databases.removeUsers(project);
    await databases.dropDatabase(project);
  });

  test.each(['open', 'closed'])(
    'what a project that is %s grants to another does not keep that one from being removed',
    async (how) => {
      const [victim, granter] = [newProject(), newProject()];
      for (const project of [victim, granter]) {
        await databases.ensureDatabase(project, 1);
        await databases.ensureUsers(project, logins, USUAL_BOUNDS);
      }
      const asGranter = (sql: string) =>
        as(ownerRole(granter), logins.owner.password, granter, (client) => client.query(sql));
      await asGranter(`
      CREATE TABLE trap (n int);
      GRANT SELECT ON trap TO ${ownerRole(victim)};
      CREATE POLICY trap ON trap TO ${ownerRole(victim)};
      ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${authenticatorRole(victim)}`);
      if (how === 'closed') await databases.refuseConnections(granter);
      await databases.dropDatabase(victim);
      await databases.removeUsers(victim);
      expect(await databases.list()).not.toContain(victim);
      if (how === 'closed') {
        await expect(asGranter('SELECT 1')).rejects.toThrow(/not currently accepting/);
        await databases.allowConnections(granter);
      }
      await expect(asGranter('TABLE trap')).resolves.toMatchObject({ rows: [] });
      await databases.dropRetiredLogins();
      await expect(plain(`DROP ROLE ${ownerRole(victim)}`)).rejects.toThrow(/does not exist/);
      await databases.dropDatabase(granter);
      await databases.removeUsers(granter);
    },
  );

  test('E69 a foreign role of the same name is refused and left alone', async () => {
    const project = newProject();
    await databases.ensureDatabase(project, 1);
    await plain(`CREATE ROLE ${authenticatorRole(project)} NOLOGIN`);
    await expect(databases.ensureUsers(project, logins, USUAL_BOUNDS)).rejects.toThrow(Refused);
    await databases.removeUsers(project);
    const { rows } = await plain(`SELECT rolcanlogin FROM pg_roles WHERE rolname ~ '^${project}'`);
    expect(rows).toEqual([{ rolcanlogin: false }]);
    await plain(`DROP ROLE ${authenticatorRole(project)}`);
    await databases.dropDatabase(project);
  });

  test('no error tells a password or its verifier', async () => {
    const project = newProject();
    await databases.ensureDatabase(project, 1);
    const broken = { ...logins, owner: { ...logins.owner, verifier: `${logins.owner.verifier}\0` } };
    const error: unknown = await databases
      .ensureUsers(project, broken, USUAL_BOUNDS)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 10 })).not.toContain('SCRAM');
    await databases.dropDatabase(project);
  });
});

/** Dies after a number of statements, as a killed process does: its session ends, the rest never comes. */
class MortalServer extends PostgresServer {
  left: number;

  constructor(left: number) {
    super(clusterAddress());
    this.left = left;
  }

  override administer<T>(attempted: string, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    return super.administer(attempted, (client) => work(this.#mortal(client)));
  }

  override inDatabase<T>(
    database: string,
    attempted: string,
    work: (client: pg.Client) => Promise<T>,
    options: InDatabaseOptions,
  ) {
    return super.inDatabase(database, attempted, (client) => work(this.#mortal(client)), options);
  }

  #mortal<Client extends pg.ClientBase>(client: Client): Client {
    const query = async (sql: string, values?: unknown[]) => {
      if (this.left-- <= 0) throw new Error('killed');
      return values ? client.query(sql, values) : client.query(sql);
    };
    return new Proxy(client, {
      get: (_, name) => (name === 'query' ? query : Reflect.get(client, name)) as unknown,
    });
  }
}

test('of many databases those are told of that can be, whatever the others are', async () => {
  const server = await testServer();
  const { logins } = await secrets.issue();
  const databases = new PostgresDatabases(server);
  const wanted = Array.from({ length: 150 }, () => ({ project: newProject(), logins, bounds: USUAL_BOUNDS }));
  // PostgreSQL takes no such text, and the whole question with it
  const unspeakable = { project: newProject(), logins: withVerifier(logins, 'a\0'), bounds: USUAL_BOUNDS };
  try {
    const told = await databases.states([unspeakable, ...wanted]);
    expect(told.size).toBeGreaterThan(0);
    expect([...told.keys()]).toEqual(wanted.slice(-told.size).map(({ project }) => project));
    expect(await databases.states(wanted)).toHaveProperty('size', 150);
    await expect(databases.states([unspeakable])).rejects.toThrow();
  } finally {
    await server.close();
  }
});

const withVerifier = (logins: DatabaseLogins, verifier: string): DatabaseLogins => ({
  ...logins,
  owner: { ...logins.owner, verifier },
});

describe('killed between any two statements', () => {
  let server: PostgresServer;
  let logins: DatabaseLogins;
  beforeAll(async () => {
    server = await testServer();
    ({ logins } = await secrets.issue());
  });
  afterAll(() => server.close());

  /** Everything that stands under a project's name, its name left out. */
  const standing = async (project: ProjectId) =>
    server.administer('look', async (client) => {
      const { rows } = await client.query<{ what: string }>(
        `SELECT concat_ws(' ', datallowconn, datconnlimit, datacl, shobj_description(oid, 'pg_database')) AS what
         FROM pg_database WHERE datname = $1
         UNION ALL
         SELECT concat_ws(' ', rolname, rolcanlogin, rolinherit, rolbypassrls, rolconnlimit, shobj_description(r.oid, 'pg_authid'),
           ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = r.oid ORDER BY 1),
           ARRAY(SELECT setconfig::text FROM pg_db_role_setting WHERE setrole = r.oid))
         FROM pg_roles r WHERE starts_with(rolname, $1) ORDER BY what`,
        [project],
      );
      return rows.map(({ what }) => what.replaceAll(project, 'PROJECT'));
    });
  const create = async (on: PostgresServer, project: ProjectId) => {
    const databases = new LatestTemplate(on);
    await databases.ensureDatabase(project);
    await databases.ensureUsers(project, logins, USUAL_BOUNDS);
  };
  const remove = async (on: PostgresServer, project: ProjectId) => {
    const databases = new LatestTemplate(on);
    await databases.removeUsers(project);
    await databases.dropDatabase(project);
  };
  /** @returns whether it was killed */
  const killedAfter = async (statements: number, work: typeof create, project: ProjectId) => {
    const mortal = new MortalServer(statements);
    const killed = await work(mortal, project).then(
      () => false,
      (error: unknown) => {
        expect(error).toMatchObject({ name: 'Unavailable' });
        return true;
      },
    );
    await mortal.close();
    return killed;
  };

  test('a project comes up whole, and goes away whole', async () => {
    const undisturbed = newProject();
    await create(server, undisturbed);
    const whole = await standing(undisturbed);
    expect(whole).toHaveLength(1 + PROJECT_LOGINS.length);
    await remove(server, undisturbed);
    const disturbed = async (point: number) => {
      const project = newProject();
      const killed = await killedAfter(point, create, project);
      await create(server, project);
      expect(await standing(project), `killed after ${point} statements`).toEqual(whole);
      await killedAfter(point, remove, project);
      await remove(server, project);
      expect(await standing(project), `killed after ${point} statements`).toEqual([]);
      return killed;
    };
    const lanes = [0, 1, 2, 3];
    let points = 0;
    for (let killed = true; killed; points += lanes.length) {
      const outcomes = await Promise.all(lanes.map((lane) => disturbed(points + lane)));
      killed = !outcomes.includes(false);
    }
    // so that the loop cannot end before it began
    expect(points).toBeGreaterThan(10);
  }, 60_000);
});
