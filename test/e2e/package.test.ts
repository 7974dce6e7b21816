import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { root } from './support/program.js';

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

describe('the package', function () {
  this.timeout(60_000);

  it('holds the program, its types, the documents and the licence, and nothing else', () => {
    const text = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [packed] = JSON.parse(text) as [Packed];
    const paths = packed.files.map(({ path }) => path);
    for (const path of [
      'LICENSE',
      'README.md',
      'package.json',
      'chaos/README.md',
      'docs/openapi.yaml',
      'docs/key-value.md',
      'dist/src/cli/main.js',
      'dist/chaos/main.js',
      'dist/src/client/index.js',
      'dist/src/client/index.d.ts',
      'dist/src/config/clusterFile.js',
      'dist/web/ui/index.html',
      'dist/web/ui/app.js',
      'dist/web/ui/app.css',
    ]) {
      expect(paths).to.include(path);
    }
    const unexpected = paths.filter(
      (path) =>
        !/^(dist\/(src|chaos|web)|docs)\/|^(LICENSE|README\.md|package\.json|chaos\/README\.md|myconfig\.txt)$/.test(
          path,
        ),
    );
    expect(unexpected).to.deep.equal([]);
  });
});
