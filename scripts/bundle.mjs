// Bundles the two pages, which load nothing from elsewhere.
//
//   node scripts/bundle.mjs FOLDER     writes FOLDER/web/raft.html, the page that runs Raft in the browser, script and
//                                      style inline, and FOLDER/web/ui/, the dashboard at /ui/ of every server
//
// Used by scripts/build.sh, which gives the folder that becomes dist/.

import { createHash } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined || more.length > 0) {
  console.error('usage: node scripts/bundle.mjs FOLDER');
  process.exit(2);
}

const page = join(import.meta.dirname, '..', 'src', 'web', 'raft');
const dashboard = join(import.meta.dirname, '..', 'src', 'web', 'dashboard');

const { outputFiles } = await build({
  entryPoints: [join(page, 'main.tsx'), join(page, 'style.css')],
  outdir: 'raft',
  write: false,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'error',
});

/** The output of one kind, by its extension. */
function textOf(extension) {
  const file = outputFiles.find(({ path }) => path.endsWith(extension));
  if (file === undefined) throw new Error(`the bundler made no ${extension}`);
  return file.text;
}

// A closing tag inside a string of the script would end the script.
const script = textOf('.js').trim().replaceAll('</script', '<\\/script');
const style = textOf('.css').trim();
const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
// Whoever opens the file can see that it asks nobody for anything. Figures are made of images in memory; lengths are written on elements.
const policy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  "style-src 'unsafe-inline'",
  'img-src data: blob:',
].join('; ');

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Raft, seen</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page"></div>
<noscript>This page runs Raft in your browser and needs JavaScript for it.</noscript>
<script>${script}</script>
</body>
</html>
`;

await mkdir(join(folder, 'web'), { recursive: true });
await writeFile(join(folder, 'web', 'raft.html'), html);

const ui = join(folder, 'web', 'ui');
await build({
  entryPoints: [{ in: join(dashboard, 'main.tsx'), out: 'app' }],
  outdir: ui,
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
for (const file of ['index.html', 'icon.svg']) await cp(join(dashboard, file), join(ui, file));
