import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { checkHistory, decodeHistory } from '../../src/verify/index.js';
import { blocksOf, brokenLinks, readPages, root, wideLines, type Block, type Page } from './markdown.js';

/** Languages of blocks that are run (test/docs/commands.test.ts), that are parsed, and that are only shown. */
const RUN = ['sh', 'console', 'python', 'ts'];
const PARSED = ['json', 'yaml'];
const SHOWN = [''];

/** Written by a program, which does not wrap lines. */
const GENERATED = ['docs/evaluation.md'];

const at = ({ page, line }: Block): string => `${page}:${line}`;

function page(text: string): Page {
  return { path: 'docs/a.md', text };
}

describe('documents: their form', () => {
  const pages = readPages();
  const blocks = pages.flatMap(blocksOf);
  const scripts = Object.keys(
    (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts,
  );

  it('has prose that fits the width', () => {
    const wide = pages.filter(({ path }) => !GENERATED.includes(path)).flatMap(wideLines);
    const advice = 'npx prettier --prose-wrap always --print-width 100 --write FILE';
    expect(wide, `run ${advice}`).to.deep.equal([]);
  });

  it('links to what exists', () => {
    expect(pages.flatMap((one) => brokenLinks(one, pages))).to.deep.equal([]);
  });

  it('is reached by links from the README', () => {
    const seen = new Set(['README.md']);
    for (const path of seen) {
      const text = pages.find((one) => one.path === path)?.text ?? '';
      for (const { path: other } of pages) {
        const name = other.slice(other.lastIndexOf('/') + 1);
        if (text.includes(`${other})`) || text.includes(`(${name})`) || text.includes(`(${name}#`))
          seen.add(other);
      }
    }
    expect(pages.map(({ path }) => path).filter((path) => !seen.has(path))).to.deep.equal([]);
  });

  it('has blocks in languages that are known, so that each is run, parsed or meant to be looked at', () => {
    const known = [...RUN, ...PARSED, ...SHOWN];
    expect(blocks.filter(({ language }) => !known.includes(language)).map(at)).to.deep.equal([]);
  });

  it('has no commands in blocks that are only shown', () => {
    const commands = /^(?:\$ |npm |npx |curl |surfstore |node |\.\/run-server|python)/m;
    const hidden = blocks.filter(({ language, text }) => SHOWN.includes(language) && commands.test(text));
    expect(hidden.map(at)).to.deep.equal([]);
  });

  it('has JSON and YAML that can be parsed', () => {
    for (const block of blocks.filter(({ language }) => PARSED.includes(language))) {
      const parts =
        block.language === 'json' && !block.text.startsWith('{\n')
          ? block.text.trim().split('\n')
          : [block.text];
      for (const part of parts) {
        expect(
          () => (block.language === 'json' ? JSON.parse(part) : parse(part)) as unknown,
          at(block),
        ).not.to.throw();
      }
    }
  });

  it('has an example of a history that can be read, and is linearizable', () => {
    const example = blocks.find(
      ({ page: path, text }) => path === 'docs/histories.md' && text.startsWith('{"format"'),
    );
    const operations = decodeHistory(example?.text ?? '');
    expect(operations).to.have.length.above(3);
    expect(checkHistory(operations)).to.include({ ok: true });
  });

  it('names scripts of package.json, and files, that exist', () => {
    const named = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name = '']) => ({
        path,
        name,
      })),
    );
    expect(named).not.to.be.empty;
    expect(named.filter(({ name }) => !scripts.includes(name))).to.deep.equal([]);
    const files = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:src|test|chaos|scripts|bench)\/[\w./-]+\.\w+)`/g)].map(([, file = '']) => ({
        path,
        file,
      })),
    );
    expect(files.filter(({ file }) => !existsSync(join(root, file)))).to.deep.equal([]);
  });

  describe('the rules can fail', () => {
    it('finds wide prose, and leaves tables and links alone', () => {
      const wide = 'word '.repeat(25);
      expect(wideLines(page(`${wide}\n| ${wide} |\n\`\`\`\n${wide}\n\`\`\``))).to.have.length(1);
      expect(wideLines(page(`[a](https://example.org/${'x'.repeat(120)})`))).to.deep.equal([]);
    });

    it('finds broken links', () => {
      const one = page('# The one\n[a](#the-one) [b](#none) [c](missing.md) [d](https://example.org)');
      expect(brokenLinks(one, [one])).to.have.length(2);
    });

    it('finds the reason why a block is not run', () => {
      const [first, second] = blocksOf(
        page('<!-- not run: it takes hours -->\n\n```sh\na\n```\n\n```sh\nb\n```\n'),
      );
      expect(first).to.include({ language: 'sh', text: 'a\n', notRun: 'it takes hours' });
      expect(second).to.include({ text: 'b\n', notRun: undefined });
    });
  });
});
