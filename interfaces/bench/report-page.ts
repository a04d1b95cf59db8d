/** docs/performance: a page and a chart for each section, drawn from the runs that are kept. Pure. */
import { chart } from './chart.ts';
import { conditionsLine } from './conditions.ts';
import { goalInWords, shown, spreadInWords } from './figure-line.ts';
import type { NamedRun, SectionResult } from './results.ts';
import type { Figure } from './statistics.ts';
import { agreementOf, judged, type Twice } from './two-runs.ts';

const HEAD = `# Performance

What the platform costs beside what it cannot do without, as ratios of one run: ours and what stands beside it go round by round,
in swapped order, so that whatever the machine does meanwhile it does to both. A value is the median of the rounds (or the quantile
that its name says), a ratio the median of the rounds' own ratios. Goals that are missed are shown as missed. This page and its charts
are written by \`npm run bench:report\` from \`bench/results\` (docs/decisions/0092).

## Repeat it

\`\`\`sh
npm ci
npm run bench -- --quick                       # the main ratio of every section, in a minute
npm run bench                                  # everything, on a quiet machine: about an hour
npm run bench -- --passes 2                    # the same in two passes, so that spreads have an hour in them
npm run bench -- provision wake                # whole sections
npm run bench -- density --only "1000"         # some groups of one
npm run bench -- append --against HEAD~10      # beside another commit's code, interleaved
npm run bench -- door --profile                # where the time goes; .cpuprofile files in bench/results/profiles
npm run bench -- --name 2026-11-30 && npm run bench:report
\`\`\`

The bench takes Debian's \`postgresql\` (pgbench), \`pgbouncer\`, \`nginx-light\`, \`haproxy\`, \`caddy\` and \`docker.io\`; a section whose
program is missing says so. Each section starts servers of its own on free ports. There is no section about backups, as there are none yet.
`;

/** a bar says nothing unless there is something to see it beside */
const isDrawn = ({ beside, goal }: Figure): boolean => beside !== null || goal !== null;

const cell = (text: string): string => text.replaceAll('|', '\\|');

function ratioOf({ ratio, ratioSpread, beside }: Figure): string {
  if (ratio === null || !ratioSpread || !beside) return '';
  return `${shown(ratio)} (${spreadInWords(ratioSpread)}) of ${beside.name}, ${shown(beside.value)}`;
}

/** @param before the same figure of the run before */
function rowOf(figure: Figure, before: Figure | undefined): string {
  const { name, value, unit, spread, goal, met } = figure;
  const range = spread[0] === spread[1] ? '' : ` (${spreadInWords(spread)})`;
  const cells = [
    name,
    `${shown(value)} ${unit}${range}`,
    ratioOf(figure),
    before ? `${shown(before.value)}${before.ratio === null ? '' : `, ${shown(before.ratio)}`}` : '',
    goal ? goalInWords(goal, unit) : '',
    met === null ? '' : met ? 'met' : '**missed**',
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function sectionText({ section, conditions, figures }: SectionResult, before: NamedRun | undefined): string {
  const earlier = before?.results.find((one) => one.section === section)?.figures ?? [];
  const rows = figures.map((figure) =>
    rowOf(
      figure,
      earlier.find(({ name }) => name === figure.name),
    ),
  );
  return `### ${section}

${figures.some(isDrawn) ? `![${section}](${section}.svg)\n\n` : ''}${conditionsLine(conditions)}

| What | Value | Ratio | Before | Goal | |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function goals(results: readonly SectionResult[]): string {
  const wanted = results.flatMap(({ figures }) => figures).filter(({ goal }) => goal);
  const rows = wanted.map(
    ({ section, name, value, unit, ratio, goal, met }) =>
      `| ${[section, name, goal ? goalInWords(goal, unit) : '', `${shown(value)} ${unit}`, ratio === null ? '' : shown(ratio), met === true ? 'met' : '**missed**'].map(cell).join(' | ')} |`,
  );
  const met = wanted.filter((figure) => figure.met === true).length;
  return `## Goals: ${met} of ${wanted.length} are met

| Section | What | Goal | Value | Ratio | |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

/** @returns '' when there is nothing to compare */
function twoRuns(before: NamedRun, last: NamedRun): string {
  const { compared, withoutSpread } = agreementOf(before, last);
  if (compared.length === 0) return '';
  const apart = compared.filter(({ agree }) => !agree);
  const said = (figure: Figure) => {
    const { middle, spread } = judged(figure);
    const unit = figure.ratio === null ? figure.unit : `of ${figure.beside?.name}`;
    return `${shown(middle)} (${spreadInWords(spread)}) ${unit}`;
  };
  const rows = apart.map(
    (pair) =>
      `| ${[pair.last.section, pair.last.name, said(pair.before), said(pair.last)].map(cell).join(' | ')} |`,
  );
  const agreeing = (some: readonly Twice[]) =>
    `${some.filter(({ agree }) => agree).length} of ${some.length}`;
  const ratios = compared.filter(({ last: figure }) => figure.ratio !== null);
  const values = compared.filter(({ last: figure }) => figure.ratio === null);
  return `## Two runs of the same code: ${agreeing(ratios)} ratios agree, and ${agreeing(values)} values

\`${before.name}\` and \`${last.name}\`: two runs agree about a figure when the median of one lies in the spread of the other's rounds. A value with
nothing beside it changes with the speed of the machine, which is not its own alone. ${withoutSpread} more are taken once in a run and have no spread; they stand in the tables below, in the column "Before".
${apart.length === 0 ? '' : `\n| Section | What | ${before.name} | ${last.name} |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`}`;
}

/** @param runs in the order of their names, the last one is shown @param order of the sections @returns by file name; the page is not formatted */
export function report(runs: readonly NamedRun[], order: readonly string[]): ReadonlyMap<string, string> {
  const [before, last] = [runs.at(-2), runs.at(-1)];
  if (!last) return new Map([['README.md', `${HEAD}\nNo run has been kept yet.\n`]]);
  const results = last.results.toSorted((a, b) => order.indexOf(a.section) - order.indexOf(b.section));
  const sections = results.map((result) => sectionText(result, before));
  const missing = order.filter((name) => !results.some(({ section }) => section === name));
  const left = missing.length === 0 ? [] : [`Not part of this run: ${missing.join(', ')}.\n`];
  const page = [
    HEAD,
    goals(results),
    ...(before ? [twoRuns(before, last)] : []),
    `## The last figures: run \`${last.name}\`\n`,
    ...left,
    ...sections,
  ].join('\n');
  const charts = results.flatMap(({ section, figures }) => {
    const drawn = figures.filter(isDrawn);
    return drawn.length === 0 ? [] : [[`${section}.svg`, chart(section, drawn)] as const];
  });
  return new Map([['README.md', page], ...charts]);
}
