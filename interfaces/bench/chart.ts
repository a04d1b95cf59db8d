/** Figures of a section as bars, in SVG: ours, what stands beside it, and a line where the goal is. Pure. */
import { goalInWords, shown } from './figure-line.ts';
import type { Figure } from './statistics.ts';

const WIDTH = 820;
const LEFT = 16;
const BAR_WIDTH = 470;
const BAR_HEIGHT = 12;
const ROW_HEIGHT = 62;
const HEAD = 40;
const COLOURS = {
  ours: '#2563eb',
  beside: '#a1a1aa',
  goal: '#18181b',
  met: '#15803d',
  missed: '#b45309',
} as const;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Where the goal lies on the figure's own axis; of several bounds the nearest. */
export function goalValue({ goal, beside, value }: Figure): number | undefined {
  if (!goal) return undefined;
  const { valueAtMost, valueAtLeast, ratioAtMost, ratioAtLeast } = goal;
  const ofRatio = (ratio: number | undefined) => ratio !== undefined && beside && ratio * beside.value;
  const bounds = [valueAtMost, valueAtLeast, ofRatio(ratioAtMost), ofRatio(ratioAtLeast)];
  return bounds
    .filter((bound) => typeof bound === 'number')
    .toSorted((a, b) => Math.abs(a - value) - Math.abs(b - value))[0];
}

function row(figure: Figure, top: number): string {
  const { name, value, unit, beside, ratio, goal, met } = figure;
  const at = goalValue(figure);
  const longest = Math.max(value, beside?.value ?? 0, at ?? 0) || 1;
  const width = (of: number) => Math.max(1, (Math.max(0, of) / longest) * BAR_WIDTH).toFixed(1);
  const bar = (y: number, of: number, colour: string) =>
    `<rect x="${LEFT}" y="${y}" width="${width(of)}" height="${BAR_HEIGHT}" rx="2" fill="${colour}"/>`;
  const label = (y: number, text: string, colour = '#3f3f46') =>
    `<text x="${LEFT + BAR_WIDTH + 12}" y="${y + 10}" fill="${colour}">${escaped(text)}</text>`;
  const verdict = goal ? `goal: ${goalInWords(goal, unit)}: ${met === true ? 'met' : 'missed'}` : '';
  const ofBeside = ratio === null ? '' : `, ratio ${shown(ratio)}`;
  return [
    `<text x="${LEFT}" y="${top + 12}" font-weight="600">${escaped(name)}</text>`,
    bar(top + 18, value, COLOURS.ours),
    label(top + 18, `${shown(value)} ${unit}${ofBeside}`),
    ...(beside
      ? [
          bar(top + 33, beside.value, COLOURS.beside),
          label(top + 33, `${shown(beside.value)}: ${beside.name}`),
        ]
      : []),
    ...(at === undefined
      ? []
      : [
          `<rect x="${(LEFT + Number(width(at)) - 1).toFixed(1)}" y="${top + 15}" width="2" height="33" fill="${COLOURS.goal}"/>`,
        ]),
    ...(verdict === ''
      ? []
      : [
          `<text x="${WIDTH - LEFT}" y="${top + 12}" text-anchor="end" fill="${met === true ? COLOURS.met : COLOURS.missed}">${escaped(verdict)}</text>`,
        ]),
  ].join('\n');
}

/** @param title of the section */
export function chart(title: string, figures: readonly Figure[]): string {
  const height = HEAD + figures.length * ROW_HEIGHT;
  const rows = figures.map((figure, nth) => row(figure, HEAD + nth * ROW_HEIGHT));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="11" fill="#18181b" role="img" aria-label="${escaped(title)}">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="${LEFT}" y="24" font-size="15" font-weight="600">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
}
