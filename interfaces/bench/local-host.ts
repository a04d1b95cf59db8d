/** Runs the groups of sections in this process, and closes what they opened. */
import { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import type { Host, Prepared } from './host.ts';
import { loadSection } from './sections.ts';
import { keyOf, type Closable, type Context, type Group, type GroupPlan, type Measures } from './section.ts';

const USUAL_ROUNDS = 5;
const QUICK_ROUNDS = 2;
const THE_BENCH_ENDS = 'the bench ends';

export interface HostOptions {
  readonly quick: boolean;
  /** undefined: as many as each group wants */
  readonly rounds: number | undefined;
  readonly seconds: number;
  readonly minutes: number;
  /** what every platform has in its environment */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A platform that is closed like everything else. */
interface Platform extends Closable {
  readonly platform: PlatformUnderTest;
}

/** What is made once and closed in the order in which it was not made. */
class Shared {
  readonly #made = new Map<string, Promise<Closable>>();
  #over = false;

  /** @throws it is being closed for good: what came now nobody would end */
  get<T extends Closable>(key: string, make: () => Promise<T>): Promise<T> {
    if (this.#over) throw new Error(THE_BENCH_ENDS);
    const made = this.#made.get(key) ?? make();
    this.#made.set(key, made);
    return made as Promise<T>;
  }

  end(): void {
    this.#over = true;
  }

  async close(): Promise<void> {
    const made = [...this.#made.values()].toReversed();
    this.#made.clear();
    await each(made.map((one) => async () => (await one.catch(() => undefined))?.close()));
  }
}

/** What the groups of one section have in common while it lasts. */
interface Scope {
  readonly shared: Shared;
  /** those that it has asked for */
  readonly platforms: Set<PlatformUnderTest>;
}

/** A group that is being prepared, or is. */
interface Opened {
  readonly group: Promise<Group>;
  readonly ends: (() => unknown)[];
}

export class LocalHost implements Host {
  readonly #options: HostOptions;
  readonly #ofRun = new Shared();
  readonly #sections = new Map<string, Scope>();
  /** by section and group */
  readonly #ahead = new Map<string, Opened>();
  #section = '';
  #opened: Opened | undefined;
  #over = false;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /**
   * Prepares these groups at the same time, but for those that come late, and waits for all. What fails is thrown when the
   * group's turn comes.
   */
  async ahead(groups: readonly (readonly [section: string, group: GroupPlan])[]): Promise<void> {
    const all = groups.filter(([, { late }]) => late !== true);
    await Promise.allSettled(
      all.map(([section, plan]) => {
        const opened = this.#open(section, plan);
        this.#ahead.set(keyOf(section, plan.name), opened);
        return opened.group;
      }),
    );
  }

  async prepare(section: string, group: string): Promise<Prepared> {
    const { groups } = await loadSection(section);
    const plan = groups.find(({ name }) => name === group);
    if (!plan) throw new Error(`${section} has no group ${group}`);
    this.#section = section;
    const key = keyOf(section, group);
    this.#opened = this.#ahead.get(key) ?? this.#open(section, plan);
    this.#ahead.delete(key);
    const { ways, figures, rounds, warmUp } = await this.#opened.group;
    return {
      ways: Object.keys(ways),
      figures,
      rounds: this.#rounds(rounds),
      // its first round is one: the time is too short for more
      warmUp: (warmUp ?? true) && !this.#options.quick,
    };
  }

  #rounds(wanted = USUAL_ROUNDS): number {
    const { quick, rounds } = this.#options;
    // what can be done once only is done once
    return wanted === 1 ? 1 : (rounds ?? (quick ? Math.min(wanted, QUICK_ROUNDS) : wanted));
  }

  async run(way: string): Promise<Measures> {
    const go = (await this.#opened?.group)?.ways[way];
    if (!go) throw new Error(`no way ${way}`);
    return go();
  }

  async leaveGroup(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened) await leave(opened);
  }

  async leaveSection(): Promise<void> {
    const scope = this.#sections.get(this.#section);
    this.#sections.delete(this.#section);
    await each([() => this.leaveGroup(), () => scope?.shared.close()]);
  }

  /** of the section's platforms that run */
  get pids(): readonly number[] {
    const platforms = this.#sections.get(this.#section)?.platforms ?? [];
    return [...platforms].filter(({ running }) => running).flatMap(({ pids }) => pids);
  }

  async close(): Promise<void> {
    this.#over = true;
    this.#ofRun.end();
    for (const { shared } of this.#sections.values()) shared.end();
    await each([
      () => this.leaveGroup(),
      ...[...this.#ahead.values()].map((opened) => () => leave(opened)),
      ...[...this.#sections.values()].map(
        ({ shared }) =>
          () =>
            shared.close(),
      ),
      () => this.#ofRun.close(),
    ]);
  }

  #open(section: string, plan: GroupPlan): Opened {
    const scope = this.#sections.get(section) ?? { shared: new Shared(), platforms: new Set() };
    this.#sections.set(section, scope);
    const ends: (() => unknown)[] = [];
    const group = plan.prepare(this.#context(scope, ends));
    // it is thrown to whoever asks for the group
    group.catch(() => {});
    return { group, ends };
  }

  #context({ shared, platforms }: Scope, ends: (() => unknown)[]): Context {
    const { quick, seconds, minutes, environment } = this.#options;
    // a start costs more than a quick section: there, sections share their platforms
    const ofPlatforms = quick ? this.#ofRun : shared;
    const always = { LOG_LEVEL: 'warn', SPARE_PROJECTS: '0', ...environment };
    return {
      quick,
      seconds,
      minutes,
      share: (key, make) => shared.get(key, make),
      shareWithAll: (key, make) => this.#ofRun.get(key, make),
      platform: async (more = {}) => {
        const variables = { ...always, ...more };
        const { platform } = await ofPlatforms.get(JSON.stringify(variables), () => started(variables));
        platforms.add(platform);
        return platform;
      },
      newPlatform: async (more = {}) => {
        if (this.#over) throw new Error(THE_BENCH_ENDS);
        const platform = await PlatformUnderTest.create({ ...always, ...more });
        platforms.add(platform);
        return platform;
      },
      // what is opened while all is closed nobody else would close
      atEnd: (end) => (this.#over ? void end() : ends.push(end)),
    };
  }
}

/** Last comes first. */
const leave = ({ ends }: Opened): Promise<void> => each(ends.splice(0).toReversed());

/** One after another, whatever becomes of those before. @throws the first error, when all are through */
async function each(ends: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const end of ends) {
    try {
      await end();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

async function started(variables: Readonly<Record<string, string>>): Promise<Platform> {
  const platform = await PlatformUnderTest.create(variables);
  try {
    await platform.start();
  } catch (error) {
    await platform.close();
    throw error;
  }
  return { platform, close: () => platform.close() };
}
