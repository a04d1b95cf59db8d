/** `npm run bench [-- section ...]`: figures, never verdicts. Run it on a quiet machine. */
import { conditions, line, type Section } from './figures.ts';
import { appendFigures } from './append-figures.ts';
import { dockerFigures } from './docker-figures.ts';
import { authFigures } from './auth-figures.ts';
import { doorFigures } from './door-figures.ts';
import { guardFigures } from './guard-figures.ts';
import { logFigures } from './log-figures.ts';
import { operatorFigures } from './operator-figures.ts';
import { platformFigures } from './platform-figures.ts';
import { provisioningFigures } from './provisioning-figures.ts';
import { sleepFigures } from './sleep-figures.ts';
import { storageFigures } from './storage-figures.ts';
import { upgradeFigures } from './upgrade-figures.ts';

const SECTIONS: readonly Section[] = [
  platformFigures,
  provisioningFigures,
  doorFigures,
  authFigures,
  storageFigures,
  guardFigures,
  dockerFigures,
  sleepFigures,
  upgradeFigures,
  appendFigures,
  logFigures,
  operatorFigures,
];

const wanted = process.argv.slice(2);
if (wanted.some((name) => !SECTIONS.some((section) => section.name === name))) {
  console.log(`Usage: npm run bench [-- section ...]\n\nSections (all, when none is named):`);
  for (const { name, summary } of SECTIONS) console.log(`  ${name.padEnd(12)} ${summary}`);
  process.exit(wanted.includes('--help') ? 0 : 64);
}
console.log(conditions());
for (const section of SECTIONS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  console.log(`\n${section.name}: ${section.summary}`);
  for (const figure of await section.run()) console.log(line(figure));
}
process.exit(0);
