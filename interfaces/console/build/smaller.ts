/** What makes the build smaller: what Vite does by itself leaves a twentieth that nobody needs. */
import { dirname, relative, sep } from 'node:path';
import { minify, type JsMinifyOptions } from '@swc/core';
import type { Plugin } from 'vite';

const SOURCES = `${dirname(import.meta.dirname)}/src/`;

const MINIFIED: JsMinifyOptions = {
  module: true,
  // texts and names of classes are objects, which it takes apart: oxc, which comes after it, keeps them and their keys
  compress: { passes: 3, ecma: 2022, module: true, toplevel: true, hoist_props: true },
  mangle: { toplevel: true },
  format: { comments: false },
};

export const smallerCode = (): Plugin => ({
  name: 'smaller-code',
  apply: 'build',
  renderChunk: {
    order: 'post',
    handler: async (code) => ({ code: (await minify(code, MINIFIED)).code, map: null }),
  },
});

/** `sql-plan-view-row`: names that say where they are from are compressed better than ones with a hash. */
export function className(local: string, file: string): string {
  const [path = ''] = relative(SOURCES, file).split('?');
  const place = path.replace(/^(components|pages)\W|[.]module[.]css$/g, '').split(sep);
  return [...place, local].join('-');
}

/** Runs before the rest has come: `src/ahead.ts` and what it imports. */
const isAhead = (id: string): boolean => /[\\/]ahead[.]ts$/.test(id);

/**
 * What the first page is made of is one file and one of styles: thirty wait for each other where a browser opens six
 * connections. What several pages are made of besides (dialogs, menus, choices) is in few files, too, not in thirty of which
 * each begins its compression anew. The number is bytes before they are made smaller.
 */
export const FEW_FILES = {
  groups: [
    {
      name: 'first',
      tags: ['$initial' as const],
      test: (id: string) => !isAhead(id),
      // it would take what runs ahead with it
      includeDependenciesRecursively: false,
      priority: 1,
    },
    {
      name: 'shared',
      test: /node_modules.(@base-ui|@floating-ui)/,
      minShareCount: 2,
      includeDependenciesRecursively: false,
      entriesAware: true,
      entriesAwareMergeThreshold: 80_000,
    },
  ],
};
