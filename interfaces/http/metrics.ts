/** A small registry in Prometheus' text format: what the platform counts, and nothing to configure. */

export type Labels = Readonly<Record<string, string>>;

interface Instrument {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** lines without the HELP and TYPE before them */
  lines(name: string): string[];
}

export class Counter implements Instrument {
  readonly kind = 'counter';
  readonly help: string;
  readonly #values = new Map<string, number>();

  constructor(help: string) {
    this.help = help;
  }

  add(labels: Labels = {}, amount = 1): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  lines(name: string): string[] {
    return [...this.#values].map(([labels, value]) => `${name}${braced(labels)} ${value}`);
  }
}

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

export class Histogram implements Instrument {
  readonly kind = 'histogram';
  readonly help: string;
  readonly #series = new Map<string, { counts: number[]; sum: number; count: number }>();

  constructor(help: string) {
    this.help = help;
  }

  observe(labels: Labels, seconds: number): void {
    const key = labelText(labels);
    const series = this.#series.get(key) ?? { counts: BUCKETS_SECONDS.map(() => 0), sum: 0, count: 0 };
    this.#series.set(key, series);
    series.sum += seconds;
    series.count++;
    for (const [index, bound] of BUCKETS_SECONDS.entries()) {
      if (seconds <= bound) series.counts[index] = (series.counts[index] ?? 0) + 1;
    }
  }

  lines(name: string): string[] {
    return [...this.#series].flatMap(([labels, { counts, sum, count }]) => {
      const bucket = (bound: string) => `${name}_bucket${braced(join(labels, `le="${bound}"`))}`;
      return [
        ...BUCKETS_SECONDS.map((bound, index) => `${bucket(String(bound))} ${counts[index]}`),
        `${bucket('+Inf')} ${count}`,
        `${name}_sum${braced(labels)} ${sum}`,
        `${name}_count${braced(labels)} ${count}`,
      ];
    });
  }
}

class Gauge implements Instrument {
  readonly kind = 'gauge';
  readonly help: string;
  readonly #read: () => number;

  constructor(help: string, read: () => number) {
    this.help = help;
    this.#read = read;
  }

  lines(name: string): string[] {
    return [`${name} ${this.#read()}`];
  }
}

export class Metrics {
  readonly #instruments = new Map<string, Instrument>();

  constructor() {
    this.gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
    this.gauge('nodejs_heap_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed);
    this.gauge('process_uptime_seconds', 'Since the start of the process.', () => process.uptime());
    this.gauge('process_cpu_seconds', 'CPU time of the process, user and system.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
  }

  /** The instrument of this name; the same for everybody who asks. Labels must come from a small set. */
  counter(name: string, help: string): Counter {
    return this.#instrument(name, Counter, () => new Counter(help));
  }

  /** of durations, in seconds */
  histogram(name: string, help: string): Histogram {
    return this.#instrument(name, Histogram, () => new Histogram(help));
  }

  /** `read` is asked at every scrape; it must be quick. */
  gauge(name: string, help: string, read: () => number): void {
    this.#instruments.set(name, new Gauge(help, read));
  }

  render(): string {
    const all = [...this.#instruments].flatMap(([name, instrument]) => [
      `# HELP ${name} ${instrument.help}`,
      `# TYPE ${name} ${instrument.kind}`,
      ...instrument.lines(name),
    ]);
    return `${all.join('\n')}\n`;
  }

  #instrument<T extends Instrument>(name: string, type: new (help: string) => T, make: () => T): T {
    const known = this.#instruments.get(name) ?? make();
    if (!(known instanceof type)) throw new TypeError(`${name} is another kind of instrument`);
    this.#instruments.set(name, known);
    return known;
  }
}

const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll(/["\\\n]/g, '_')}"`)
    .join(',');

const join = (...labels: string[]): string => labels.filter(Boolean).join(',');
const braced = (labels: string): string => (labels === '' ? '' : `{${labels}}`);
