/**
 * Which test files start servers in this run. Within `npm test`: a core, always, and of all the others as many as fit into
 * what is left of its time, drawn by the seed: one at least of the crash files, of the other shape and of the rest. Within
 * `npm run test:full`: all of them, also those that are longer than what is left (faults, sleep and upgrades in the other
 * shape).
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemProgram } from '../../infrastructure/process/install-program.ts';
import { AWS_CLI, CHROMIUM, RCLONE } from '../../infrastructure/process/system-programs.ts';
import { drawnWithin, isFull } from './test-tier.ts';
import { keepsSeconds, secondsOf } from './usual-seconds.ts';

/**
 * Of one worker. Two cores are two workers. What the files' own time does not hold (prerequisites, the unit tests, a Docker
 * engine, starting workers, some seconds before each file) takes three minutes more, and a slow day makes all of it longer:
 * `npm test` stays under six minutes.
 */
const BUDGET_SECONDS = 270;

/** Integration tests up to this long are of the core. */
const QUICK_SECONDS = 3;
/** Of the acceptance tests: a project's whole life and whom it is kept from, which no change may break. */
const CORE = ['first-project', 'hostile', 'life'];

/** it tells sessions by how they come, and containers of that shape have one way alone: docker-runtime.docker.test.ts */
const isOfOneProcess = (file: string) => /\/data-api-route\.e2e/.test(file);
/** what of a crash the runtime has a part in */
const isOfRuntime = (file: string) => /\/crash-spares\.e2e/.test(file);
const isCrash = (file: string) => /\/(start|crash-[a-z]+)\.e2e/.test(file);
/** what stands in front of the platform does not depend on its shape */
const isOfAnyShape = (file: string) =>
  /\/(browser|caddy|console(-[a-z]+)?|public-pooler|s3-tools)\.e2e/.test(file);
/** elsewhere they have no addresses that this machine could reach */
export const hasContainers = process.platform === 'linux';
/** not every system has a package of it, see chromiumProgram */
const hasBrowser = await isThere(CHROMIUM);
/** only for the full tier they are installed */
const hasS3Tools = (await isThere(AWS_CLI)) && (await isThere(RCLONE));

const needsBrowser = (file: string) => /\b(browser|console(-[a-z]+)?)\.(e2e|int)\.test\.ts$/.test(file);
const needsS3Tools = (file: string) => /\bs3-tools\.e2e\.test\.ts$/.test(file);

const filesBy = (pattern: string) =>
  globSync(pattern, { cwd: join(import.meta.dirname, '../..') })
    .filter((file) => (hasBrowser || !needsBrowser(file)) && (hasS3Tools || !needsS3Tools(file)))
    .toSorted();
const acceptance = filesBy('interfaces/acceptance/*.e2e.test.ts');
const PROJECTS = {
  integration: filesBy('{application,infrastructure,projections,interfaces}/**/*.int.test.ts'),
  docker: hasContainers ? filesBy('{infrastructure,interfaces}/**/*.docker.test.ts') : [],
  e2e: acceptance,
  'e2e-separate': acceptance.filter((file) => !isCrash(file) && !isOfAnyShape(file) && !isOfOneProcess(file)),
  'e2e-docker': hasContainers ? acceptance.filter(isOfRuntime) : [],
  // what is left of it, which does not depend on the shape
  'e2e-esdb': acceptance.filter(isCrash),
};
type Project = keyof typeof PROJECTS;
interface Run {
  readonly project: Project;
  readonly file: string;
}

const seconds = ({ project, file }: Run) => secondsOf(project, file);
const together = (runs: readonly Run[]) => runs.reduce((sum, run) => sum + seconds(run), 0);
function isCore(run: Run): boolean {
  if (run.project === 'integration') return seconds(run) <= QUICK_SECONDS;
  return run.project === 'e2e' && CORE.some((name) => run.file.endsWith(`/${name}.e2e.test.ts`));
}

const of = (project: Project) => PROJECTS[project].map((file): Run => ({ project, file }));
const all = (Object.keys(PROJECTS) as Project[]).flatMap(of);
const core = all.filter(isCore);
const others = all.filter((run) => !isCore(run));
/** each has a file in every run, unless the ones before leave it no room */
const groups = [
  others.filter(({ file }) => isCrash(file)),
  others.filter(({ project }) => project === 'e2e-separate'),
  others.filter(({ project, file }) => project !== 'e2e-separate' && !isCrash(file)),
];
const drawn = isFull || keepsSeconds ? others : drawnWithin(BUDGET_SECONDS - together(core), groups, seconds);
/** named on the command line, by its path or its folder's, a file is run whether it was drawn or not */
const words = process.argv.slice(2).filter((word) => /^[^-].*[/.]/.test(word));
const named = others.filter(({ file }) => words.some((word) => file.includes(word.replace(/^\.\//, ''))));
const chosen = new Set([...core, ...drawn, ...named]);

async function isThere(program: SystemProgram): Promise<boolean> {
  return (await program.find(process.env['PATH'] ?? '')) !== undefined;
}

/** What the project of this name includes. */
export const filesOf = (project: Project): string[] =>
  [...chosen].filter((run) => run.project === project).map(({ file }) => file);

/** In words, for the run's first line. */
export const PLAN =
  words.length > 0
    ? 'what was named'
    : `of the files that start servers ${core.length} as always and ${drawn.length} of the other ${others.length}, ${together([...core, ...drawn])} s of one worker`;
