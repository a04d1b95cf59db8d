/** The page loads `src/ahead.ts` by a script of its own: it runs as soon as it has come, whatever else has. */
import { join } from 'node:path';
import type { Plugin } from 'vite';

const NAME = 'ahead';
const FOLDER = join(import.meta.dirname, '..');

/** What the build begins with: the page, and what runs before it. */
export const INPUT = { index: join(FOLDER, 'index.html'), [NAME]: join(FOLDER, 'src', 'ahead.ts') };

export const aheadScript = (): Plugin => ({
  name: 'ahead-script',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (_html, { bundle = {} }) => {
      const file = Object.values(bundle).find(
        (one) => one.type === 'chunk' && one.isEntry && one.name === NAME,
      );
      if (!file) throw new Error(`the build has no ${NAME}`);
      const attrs = { type: 'module', async: true, crossorigin: true, src: `/console/${file.fileName}` };
      return [{ tag: 'script', attrs, injectTo: 'head-prepend' }];
    },
  },
});
