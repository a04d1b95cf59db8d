/**
 * Known holes of the programs that a platform consists of: which versions have them, and what to do. The page for people
 * is docs/known-holes.md, which a test compares with this.
 */
export type Part = 'PostgreSQL' | 'PgBouncer' | 'Node.js' | 'Caddy';

export interface Versions {
  readonly from: string;
  /** the first one without the hole */
  readonly before?: string;
  /** where that one is not known here: the last one that is known to have it */
  readonly through?: string;
}

export interface KnownHole {
  readonly part: Part;
  /** none: fixes that its makers tell of without naming what was wrong */
  readonly cves: readonly string[];
  readonly what: string;
  readonly affected: readonly Versions[];
  /** of the extension whose functions have it */
  readonly extension?: string;
  /** what the platform itself does about it where such a version stands */
  readonly here: string;
  readonly advice: string;
}

const POSTGRES_BEFORE_NOVEMBER_2026 = [
  { from: '15', before: '15.20' },
  { from: '16', through: '16.14' },
  { from: '17', through: '17.10' },
  { from: '18', through: '18.4' },
] as const;
const UPDATE_POSTGRES =
  "install your distribution's newest PostgreSQL of the same major version (Debian 12: apt-get install --only-upgrade " +
  'postgresql-15), then stop the platform and start it again';
const UPDATE_PGBOUNCER =
  'install PgBouncer 1.26.1 or later, by your distribution or by the packages of the PostgreSQL project, then stop the ' +
  'platform and start it again';

export const KNOWN_HOLES: readonly KnownHole[] = [
  {
    part: 'PostgreSQL',
    cves: ['CVE-2026-120141'],
    what: "json_populate_recordset and its like return pieces of the server's memory to whoever may run SQL, other projects' verifiers of passwords among them",
    affected: POSTGRES_BEFORE_NOVEMBER_2026,
    here: 'Only another version helps: an owner may call it. The log and the accounts are on a server of their own, whose memory no owner reaches.',
    advice: UPDATE_POSTGRES,
  },
  {
    part: 'PostgreSQL',
    cves: ['CVE-2026-15742'],
    extension: 'fuzzystrmatch',
    what: 'levenshtein_less_equal of the extension fuzzystrmatch ends the server for everybody',
    affected: POSTGRES_BEFORE_NOVEMBER_2026,
    here: 'On such a server fuzzystrmatch is not among the extensions that owners may install, unless PROJECT_EXTENSIONS names it.',
    advice: UPDATE_POSTGRES,
  },
  {
    part: 'PgBouncer',
    cves: ['CVE-2026-107350'],
    what: 'who has one login becomes any other one while it is authenticated',
    affected: [{ from: '1.17', before: '1.26.1' }],
    here: 'Each database names its logins (docs/decisions/0001): one that changes its name is refused.',
    advice: UPDATE_PGBOUNCER,
  },
  {
    part: 'PgBouncer',
    cves: ['CVE-2026-6664'],
    what: 'one packet, sent by anybody, ends it',
    affected: [{ from: '1.11', before: '1.25.2' }],
    here: 'The guard in front of it (docs/decisions/0005) lets no such packet through, in compose, too.',
    advice: UPDATE_PGBOUNCER,
  },
  {
    part: 'PgBouncer',
    cves: ['CVE-2026-19888'],
    what: 'one message of SCRAM, sent by anybody, ends it',
    affected: [{ from: '1.11', before: '1.26.1' }],
    here: 'The guard in front of it (docs/decisions/0005) lets no such packet through, in compose, too.',
    advice: UPDATE_PGBOUNCER,
  },
  {
    part: 'PgBouncer',
    cves: ['CVE-2026-107349'],
    what: 'the startup parameter "options" makes it spin for ever',
    affected: [{ from: '1.20', before: '1.26.1' }],
    here: 'The guard in front of it (docs/decisions/0005) lets no such parameter through, in compose, too.',
    advice: UPDATE_PGBOUNCER,
  },
  {
    part: 'Node.js',
    cves: [],
    what: 'fixes of the security releases of Node.js 24 up to 24.22.1',
    affected: [{ from: '24', before: '24.22.1' }],
    here: 'Nothing. In compose the image has it; the npm package "node", which npm start runs on, had no later one than 24.21.0 when this was written.',
    advice: 'start it with a Node.js of your own, 24.22.1 or later: node interfaces/main.ts',
  },
  {
    part: 'Caddy',
    cves: [],
    what: 'fixes of the releases of Caddy up to 2.11.7',
    affected: [{ from: '2', before: '2.11.7' }],
    here: 'Nothing. Compose names an image that has it.',
    advice: 'docker compose pull caddy, then docker compose up -d',
  },
];

/** @param version as the program says it; what follows its numbers does not matter */
export const holesOf = (part: Part, version: string): readonly KnownHole[] =>
  KNOWN_HOLES.filter(
    (hole) => hole.part === part && hole.affected.some((versions) => isAmong(version, versions)),
  );

const isAmong = (version: string, { from, before, through }: Versions): boolean => {
  const major = numbersOf(from)[0] ?? 0;
  // lines of releases that go on side by side
  if (through !== undefined && numbersOf(version)[0] !== major) return false;
  if (order(version, from) < 0) return false;
  return before !== undefined ? order(version, before) < 0 : order(version, through ?? from) <= 0;
};

function order(one: string, other: string): number {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  for (let nth = 0; nth < Math.max(a.length, b.length); nth++) {
    const difference = (a[nth] ?? 0) - (b[nth] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `15.18 (Debian 15.18-0+deb12u1)` -> 15, 18 */
const numbersOf = (version: string): readonly number[] =>
  (/\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').filter(Boolean).map(Number);

/** Of one part: a line for each thing to do, with the holes that it closes. */
export function warningsOf(part: Part, version: string): readonly string[] {
  const byAdvice = Map.groupBy(holesOf(part, version), ({ advice }) => advice);
  return [...byAdvice].map(([advice, holes]) => {
    const names = holes.flatMap(({ cves, what }) => (cves.length > 0 ? cves : [what]));
    return `${part} ${version} has known holes (${names.join(', ')}): ${advice}. See docs/known-holes.md.`;
  });
}

/** Its row in docs/known-holes.md. */
export function rowOf({ part, cves, what, affected, here, advice }: KnownHole): string {
  const versions = affected.map(({ from, before, through }) =>
    before === undefined ? `${from} to ${through} at least` : `${from} up to before ${before}`,
  );
  return `| ${[part, cves.join(', ') || '-', what, versions.join('; '), here, advice].join(' | ')} |`;
}
