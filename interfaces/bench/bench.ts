/**
 * `npm run bench [-- section ...]`: figures, never verdicts. Run it on a quiet machine. A goal that is missed is said to be
 * missed, and the exit code is 0; it is 1 when something could not be measured.
 */
import { loadavg } from 'node:os';
import { conditions, conditionsLine } from './conditions.ts';
import { parseArguments, USAGE, type Asked } from './arguments.ts';
import { line } from './figure-line.ts';
import { interleaved } from './interleave.ts';
import { againstOf } from './against.ts';
import type { Host } from './host.ts';
import { LocalHost, type HostOptions } from './local-host.ts';
import { OtherCommit } from './other-commit.ts';
import { Passes } from './passes.ts';
import { Profiler } from './profiler.ts';
import { RemoteHost } from './remote-host.ts';
import { keep } from './results.ts';
import { keyOf, type GroupPlan, type Section } from './section.ts';
import { loadSection, NOT_YET, SECTIONS } from './sections.ts';
import { figureOf, type Figure } from './statistics.ts';

/** of one round of load */
const [QUICK_SECONDS, SECONDS] = [0.4, 2];

const asked = readArguments();
if (asked.help) {
  console.log(`${USAGE}\nSections (all, when none is named):`);
  for (const name of SECTIONS) {
    const { summary, groups } = await loadSection(name);
    console.log(`  ${name.padEnd(10)} ${summary}`);
    console.log(`${' '.repeat(13)}${groups.map((group) => group.name).join('; ')}`);
  }
  console.log('\nNot yet:');
  for (const [name, why] of Object.entries(NOT_YET)) console.log(`${name}: ${why}`);
  process.exit(0);
}
/** `--json`: figures alone go to stdout */
const say = (text: string) => (asked.json ? console.error(text) : console.log(text));
const profiler = asked.profile ? await Profiler.start() : undefined;
const options: HostOptions = {
  quick: asked.quick,
  rounds: asked.rounds,
  minutes: asked.minutes,
  seconds: asked.quick ? QUICK_SECONDS : SECONDS,
  environment: profiler?.environment ?? {},
};
const here = new LocalHost(options);
let other: OtherCommit | undefined;
let there: RemoteHost | undefined;
const hosts = (): readonly Host[] => (there ? [here, there] : [here]);
const passes = new Passes(asked.passes);
let failures = 0;
let ending = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(signal));
process.once('uncaughtException', (error) => void end(error));
const under = await conditions();
say(conditionsLine(under));
if (asked.against !== undefined) {
  other = await OtherCommit.of(asked.against);
  there = RemoteHost.start(other.root, options);
  say(`Against ${other.name}, with the bench of this one.`);
}
if (asked.quick) say('Quick: the main group of each section only, and few short rounds of it.');
const took: string[] = [];
const sections = await loaded();
// another commit prepares each group in its turn, and this one does as it does
if (asked.quick && !there) await inTime('preparing all', prepareAll);
while (passes.next()) {
  if (passes.inWords) say(`\n${passes.inWords}`);
  for (const section of sections) await inTime(section.name, () => measure(section));
}
await inTime('closing', close);
say(`\nHow long it took: ${took.join(', ')}; ${secondsSince(0)} in all`);
process.exit(failures === 0 ? 0 : 1);

async function close(): Promise<void> {
  for (const one of [...hosts(), other, profiler]) {
    try {
      await one?.close();
    } catch (error) {
      failures++;
      console.error(`Not everything was closed: ${(error as Error).stack}`);
    }
  }
}

/** What was started is closed, whatever happens. */
async function end(reason: unknown): Promise<never> {
  ending = true;
  console.error(reason);
  await close();
  process.exit(1);
}

function readArguments(): Asked {
  try {
    return parseArguments(process.argv.slice(2), SECTIONS, NOT_YET);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(64);
  }
}

function failed(what: string, error: unknown): void {
  // what goes on meanwhile finds everything closed
  if (ending) return;
  failures++;
  console.error(`  ${what} could not be measured: ${(error as Error).stack}`);
}

async function loaded(): Promise<readonly Section[]> {
  const sections: Section[] = [];
  for (const name of asked.sections) {
    try {
      sections.push(await loadSection(name));
    } catch (error) {
      failed(name, error);
    }
  }
  return sections;
}

function secondsSince(from: number): string {
  return `${((performance.now() - from) / 1_000).toFixed(1)} s`;
}

/** What fails is said, and the next one is gone on with. */
async function inTime(what: string, work: () => Promise<void>): Promise<void> {
  const from = performance.now();
  try {
    await work();
  } catch (error) {
    failed(what, error);
  }
  took.push(`${what} ${secondsSince(from)}`);
}

function prepareAll(): Promise<void> {
  return here.ahead(
    sections.flatMap(({ name, groups }) => groups.filter(isAsked).map((group) => [name, group] as const)),
  );
}

function isAsked({ name, main }: GroupPlan): boolean {
  return asked.only === undefined ? !asked.quick || main === true : name.includes(asked.only);
}

async function measure(section: Section): Promise<void> {
  const [load = NaN] = loadavg();
  const from = performance.now();
  const wanted = section.groups.filter(isAsked);
  if (wanted.length === 0) return say(`\n${section.name}: left out`);
  const groups = wanted.filter(({ name }) => !passes.isDone(keyOf(section.name, name)));
  if (groups.length === 0) return;
  say(`\n${section.name}: ${section.summary}; load ${load.toFixed(1)}`);
  const at = new Date().toISOString();
  // what is quick, slowed by a profile or compared with another commit is nobody's figure
  const isKept = !asked.quick && !asked.profile && !there;
  for (const { name } of groups) {
    try {
      const figures = await measureGroup(section.name, name);
      if (isKept)
        await keep(asked.name, { section: section.name, conditions: { ...under, at, load }, figures });
      // the figures of some of the rounds are none yet
      const told = passes.isLast(keyOf(section.name, name)) ? figures : [];
      for (const figure of told) {
        console.log(asked.json ? JSON.stringify(figure) : line(figure));
      }
    } catch (error) {
      failed(name, error);
    }
    for (const host of hosts()) await host.leaveGroup();
  }
  for (const host of hosts()) await host.leaveSection();
  say(`  (${secondsSince(from)})`);
}

async function measureGroup(section: string, group: string): Promise<readonly Figure[]> {
  const { ways, figures, rounds: wanted, warmUp } = await here.prepare(section, group);
  const key = keyOf(section, group);
  const rounds = passes.share(key, wanted);
  const contestants = new Map(ways.map((way) => [way, () => here.run(way)]));
  const compared = there && other ? againstOf(figures, other.name) : [];
  await there?.prepare(section, group);
  for (const { way, label } of compared) contestants.set(label, async () => there?.run(way) ?? {});
  const begun = async () => profiler?.begin(here.pids);
  const done = passes.add(key, await interleaved(contestants, { rounds, warmUp, begun }));
  if (profiler) say(await profiler.end(here.pids, key));
  return [...figures, ...compared.flatMap(({ specs }) => specs)].map((spec) => figureOf(section, spec, done));
}
