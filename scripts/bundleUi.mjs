// Bundles the dashboard, the page at /ui/ of every server: node scripts/bundleUi.mjs FOLDER
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = fileURLToPath(new URL('../src/web/dashboard/', import.meta.url));
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/bundleUi.mjs FOLDER');
  process.exit(2);
}

mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [{ in: join(source, 'main.tsx'), out: 'app' }],
  outdir: folder,
  bundle: true,
  minify: true,
  format: 'esm',
  // `light-dark()` and `dialog` came to all browsers by 2024.
  target: ['chrome123', 'firefox120', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'inline',
  logLevel: 'warning',
});
for (const file of ['index.html', 'icon.svg']) cpSync(join(source, file), join(folder, file));
