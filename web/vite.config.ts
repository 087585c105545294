/// <reference types="vitest/config" />
// The build: hashed files with addresses relative to the page, compressed beside each other, as the server carries them.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** What every page needs, and so the first one: one file instead of many small ones. */
const FRAME =
  /src\/(lib\/(time|globs|url|given|copy)|i18n\/index|api\/(client|problem|keys|live|reread|me|ready|invalidate|environments|namespaces)|app\/(Shell|Nav|ScopeBar|Where|LiveChip|PersonMenu|ErrorView|Fallbacks|Loaded|session|live|queries|theme|shortcuts|search|lastEnvironment|useLoginEnd|useLogOut|useSaidPages|shownPlaces|unsaved)|ui\/(Announcer|Badge|Banner|Button|ButtonLink|classes|CopyButton|Dialog|EnvTag|Field|Menu|Page|States|Time|Toast))\./;

/** Bytes below which compressing gains nothing. */
const SMALL = 512;

/** Writes `.br` and `.gz` in place of every asset, which the server sends as they are. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      const assets = join(import.meta.dirname, 'dist', 'assets');
      for (const name of readdirSync(assets)) {
        const path = join(assets, name);
        const bytes = readFileSync(path);
        if (bytes.length < SMALL) continue;
        const params = {
          [constants.BROTLI_PARAM_QUALITY]: 11,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        };
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        rmSync(path);
      }
    },
  };
}

/** The server knows below which path it is reached, and writes it into the page. */
function basePath(): Plugin {
  return {
    name: 'base-path',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (html) => html.replaceAll('"./assets/', '"{base}/assets/'),
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [react(), basePath(), compressed()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        // Few files for the first page; what only some pages need comes with them, the editor by itself.
        codeSplitting: {
          groups: [
            {
              name: 'codemirror',
              test: /node_modules\/(@codemirror|@lezer|@marijn|style-mod|w3c-keyname|crelt)\//,
            },
            { name: 'vendor', test: /node_modules/ },
            { name: 'frame', test: FRAME },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/readyz'].map((path) => [path, process.env.PINTLE ?? 'http://127.0.0.1:7878']),
    ),
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'], setupFiles: ['src/test.ts'] },
});
