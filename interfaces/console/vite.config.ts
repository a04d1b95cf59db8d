import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { aheadScript, INPUT } from './build/ahead-script.ts';
import { className, FEW_FILES, smallerCode } from './build/smaller.ts';

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react(), smallerCode(), aheadScript()],
  css: { modules: { generateScopedName: className } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // what our policy for scripts and styles lets through is files of our own, nothing inline
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'firefox128', 'safari18'],
    rolldownOptions: { input: INPUT, output: { codeSplitting: FEW_FILES } },
    reportCompressedSize: false,
  },
  // `npm run dev --workspace interfaces/console`, beside a platform
  server: {
    proxy: Object.fromEntries(
      ['/api', '/project', '/docs', '/openapi.json'].map((path) => [path, 'http://localhost:8080']),
    ),
  },
});
