// Bundles the page that runs Raft in the browser into one file: script and style inline, nothing loaded from anywhere.
//
//   node scripts/bundle.mjs FOLDER     writes FOLDER/web/raft.html
//
// Used by scripts/build.sh, which gives the folder that becomes dist/.

import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined || more.length > 0) {
  console.error('usage: node scripts/bundle.mjs FOLDER');
  process.exit(2);
}

const page = join(import.meta.dirname, '..', 'src', 'web', 'raft');

// The simulator asks the transport for sizes, and nothing else; the transport itself stays outside.
const withoutTransport = {
  name: 'without the transport',
  setup({ onResolve }) {
    onResolve({ filter: /\/transport\/peerEndpoint\.js$/ }, () => ({ path: join(page, 'wireBytes.ts') }));
  },
};

const { outputFiles } = await build({
  entryPoints: [join(page, 'main.tsx'), join(page, 'style.css')],
  outdir: 'raft',
  write: false,
  plugins: [withoutTransport],
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
