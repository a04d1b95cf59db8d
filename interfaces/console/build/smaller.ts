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

/**
 * What several pages are made of besides (dialogs, menus, choices) is in few files, not in thirty of which each begins its
 * compression anew; what the first page is made of stays apart. The number is bytes before they are made smaller.
 */
export const FEW_FILES = {
  groups: [
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
