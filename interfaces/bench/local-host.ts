/** Runs the groups of sections in this process, and closes what they opened. */
import { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import type { Host, Prepared } from './host.ts';
import { loadSection } from './sections.ts';
import type { Closable, Context, Group, Measures } from './section.ts';

const USUAL_ROUNDS = 5;
const QUICK_ROUNDS = 2;

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
    if (this.#over) throw new Error('the bench ends');
    const made = this.#made.get(key) ?? make();
    this.#made.set(key, made);
    return made as Promise<T>;
  }

  end(): void {
    this.#over = true;
  }

  async close(): Promise<void> {
    for (const made of [...this.#made.values()].toReversed())
      await (await made.catch(() => undefined))?.close();
    this.#made.clear();
  }
}

export class LocalHost implements Host {
  readonly #options: HostOptions;
  readonly #ofRun = new Shared();
  readonly #ofSection = new Shared();
  #ends: (() => unknown)[] = [];
  #group: Group | undefined;
  /** those that the section has asked for */
  readonly #platforms = new Set<PlatformUnderTest>();

  constructor(options: HostOptions) {
    this.#options = options;
  }

  async prepare(section: string, group: string): Promise<Prepared> {
    const { groups } = await loadSection(section);
    const plan = groups.find(({ name }) => name === group);
    if (!plan) throw new Error(`${section} has no group ${group}`);
    this.#group = await plan.prepare(this.#context());
    const { ways, figures, rounds, warmUp } = this.#group;
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
    const go = this.#group?.ways[way];
    if (!go) throw new Error(`no way ${way}`);
    return go();
  }

  async leaveGroup(): Promise<void> {
    const ends = this.#ends.toReversed();
    this.#ends = [];
    this.#group = undefined;
    for (const end of ends) await end();
  }

  async leaveSection(): Promise<void> {
    await this.leaveGroup();
    await this.#ofSection.close();
    this.#platforms.clear();
  }

  /** of the section's platforms that run */
  get pids(): readonly number[] {
    return [...this.#platforms].filter(({ running }) => running).flatMap(({ pids }) => pids);
  }

  async close(): Promise<void> {
    this.#ofRun.end();
    this.#ofSection.end();
    await this.leaveSection();
    await this.#ofRun.close();
  }

  #context(): Context {
    const { quick, seconds, minutes, environment } = this.#options;
    // a start costs more than a quick section: there, sections share their platforms
    const ofPlatforms = quick ? this.#ofRun : this.#ofSection;
    const always = { LOG_LEVEL: 'warn', SPARE_PROJECTS: '0', ...environment };
    return {
      quick,
      seconds,
      minutes,
      share: (key, make) => this.#ofSection.get(key, make),
      shareWithAll: (key, make) => this.#ofRun.get(key, make),
      platform: async (more = {}) => {
        const variables = { ...always, ...more };
        const { platform } = await ofPlatforms.get(JSON.stringify(variables), () => started(variables));
        this.#platforms.add(platform);
        return platform;
      },
      newPlatform: async (more = {}) => {
        const platform = await PlatformUnderTest.create({ ...always, ...more });
        this.#platforms.add(platform);
        return platform;
      },
      atEnd: (end) => this.#ends.push(end),
    };
  }
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
