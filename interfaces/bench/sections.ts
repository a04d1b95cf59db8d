/** The table of sections. They are loaded when they are asked for: with `--against`, one may not fit the other commit's code. */
import type { Section } from './section.ts';

const LOADERS: Readonly<Record<string, () => Promise<{ readonly section: Section }>>> = {
  provision: () => import('./sections/provision.ts'),
  wake: () => import('./sections/wake.ts'),
  door: () => import('./sections/door.ts'),
  route: () => import('./sections/route.ts'),
  guard: () => import('./sections/guard.ts'),
  append: () => import('./sections/append.ts'),
  replay: () => import('./sections/replay.ts'),
  lag: () => import('./sections/lag.ts'),
  audit: () => import('./sections/audit.ts'),
  commands: () => import('./sections/commands.ts'),
  operator: () => import('./sections/operator.ts'),
  upgrade: () => import('./sections/upgrade.ts'),
  density: () => import('./sections/density.ts'),
  auth: () => import('./sections/auth.ts'),
  storage: () => import('./sections/storage.ts'),
  console: () => import('./sections/console.ts'),
  soak: () => import('./sections/soak.ts'),
};

/** Those that somebody may ask for in vain, and why. */
export const NOT_YET: Readonly<Record<string, string>> = {
  backup: 'the platform makes no backups yet, so there is nothing to measure',
};

export const SECTIONS: readonly string[] = Object.keys(LOADERS);

export async function loadSection(name: string): Promise<Section> {
  const load = LOADERS[name];
  if (!load) throw new Error(`no section ${name}`);
  return (await load()).section;
}
