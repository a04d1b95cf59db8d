import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // what our policy for scripts and styles lets through is files of our own, nothing inline
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'firefox128', 'safari18'],
    reportCompressedSize: false,
  },
  // `npm run dev --workspace interfaces/console`, beside a platform
  server: {
    proxy: Object.fromEntries(
      ['/api', '/project', '/docs', '/openapi.json'].map((path) => [path, 'http://localhost:8080']),
    ),
  },
});
