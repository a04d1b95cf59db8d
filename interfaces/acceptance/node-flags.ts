import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as {
  readonly scripts: { readonly start: string };
};

/** What `npm start` tells Node.js: a platform that is tested or measured runs as everybody's does. */
export const NODE_FLAGS: readonly string[] =
  / node (.*) interfaces\/main[.]ts$/.exec(manifest.scripts.start)?.[1]?.split(' ') ?? [];
