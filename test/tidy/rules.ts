import ts from 'typescript';

// Rules that a file of the tree must keep. Each is a pure function of the file's path from the root and its text, and
// returns a line `FILE:LINE: what is wrong` for every place. The patterns are written so that they do not match
// themselves: these files are checked too.

type Finding = readonly [node: ts.Node, what: string];

/** Names that must not occur in src/raft: clocks, timers, randomness, promises, the process and the network. */
const impureNames: readonly string[] = [
  'AbortController',
  'Date',
  'FinalizationRegistry',
  'Promise',
  'WeakRef',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'eval',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
];

/** Input in, output out: nothing in the protocol core may depend on anything else, or wait. */
export function purityProblems(file: string, text: string): string[] {
  return problemsInTree(file, text, (node) => {
    if (ts.isAwaitExpression(node)) return 'await';
    if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async';
    if (ts.isForOfStatement(node) && node.awaitModifier !== undefined) return 'for await';
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) return 'import.meta';
    if (!ts.isIdentifier(node) || isNameOfMember(node)) return undefined;
    if (impureNames.includes(node.text)) return node.text;
    return node.text === 'Math' && !isUseOfPureMath(node) ? 'Math.random' : undefined;
  }).map((problem) => `${problem} does not belong in the pure core`);
}

/** Parts of the language that this project does without. */
export function languageProblems(file: string, text: string): string[] {
  return problemsInTree(file, text, (node) => {
    if (ts.isExportAssignment(node)) return 'default export: name it';
    if (node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent))
      return 'default export: name it';
    if (ts.isExportSpecifier(node) && node.name.text === 'default') return 'default export: name it';
    if (ts.isEnumDeclaration(node)) return 'enum: use a union of string literals';
    if (ts.isDecorator(node)) return 'decorator: call a function';
    if (node.kind === ts.SyntaxKind.AnyKeyword) return 'any: use unknown and check';
    if (ts.isNonNullExpression(node)) return 'non-null assertion: check instead';
    return undefined;
  });
}

/** Tests that are switched off, or that switch the others off. */
export function skippedTestProblems(file: string, text: string): string[] {
  const suites = ['describe', 'context', 'suite', 'it', 'specify', 'test'];
  return problemsInTree(file, text, (node) => {
    if (ts.isIdentifier(node) && suites.some((suite) => node.text === `x${suite}`))
      return `${node.text} skips tests`;
    if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
    if (!suites.includes(node.expression.text)) return undefined;
    return ['only', 'skip'].includes(node.name.text)
      ? `${node.expression.text}.${node.name.text} skips tests`
      : undefined;
  });
}

/** Marks of unfinished work. */
export function unfinishedProblems(file: string, text: string): string[] {
  return problemsInLines(file, text, (line) => {
    const mark = /\b(?:T[O]DO|FI[X]ME|X[X]X|HA[C]K)\b/.exec(line)?.[0];
    return mark === undefined ? undefined : `${mark}: finish it or leave it out`;
  });
}

/** Switches that silence the compiler, and those that silence the linter without saying why. */
export function silencedProblems(file: string, text: string): string[] {
  return problemsInLines(file, text, (line) => {
    const compiler = /@ts-(?:ignore|nocheck)\b/.exec(line)?.[0];
    if (compiler !== undefined) return `${compiler}: make it compile`;
    const linter = /eslint-disabl[e]\S*(?<rest>.*)/.exec(line);
    if (linter === null || / -- \S/.test(linter.groups?.['rest'] ?? '')) return undefined;
    return 'the linter is silenced without a reason: add " -- why"';
  });
}

/** Paths that exist on one machine only. */
export function machinePathProblems(file: string, text: string): string[] {
  return problemsInLines(file, text, (line) => {
    const path = /(?:\/(?:home|Users)\/\w|\/root\/|\/work\/(?:main|shared)\b|\b[A-Z]:\\Users\\)\S*/.exec(
      line,
    )?.[0];
    return path === undefined ? undefined : `${path} is a path of somebody's machine`;
  });
}

export const sourceLinesMax = 400;

/** A file owns one idea; one that is longer owns two. */
export function lengthProblems(file: string, text: string): string[] {
  const lines = text.replace(/\n$/, '').split('\n').length;
  return lines <= sourceLinesMax ? [] : [`${file}: ${lines} lines, more than ${sourceLinesMax}: split it`];
}

/** Packages of a package.json that have no row, bullet or heading with their name in backquotes in the document. */
export function undocumentedDependencies(packageJson: string, document: string): string[] {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(packageJson) as {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
  };
  const entries = document.split('\n').filter((line) => /^\s*(?:[|#]|[-*] )/.test(line));
  return [...Object.keys(dependencies), ...Object.keys(devDependencies)].filter(
    (name) => !entries.some((line) => line.includes(`\`${name}\``)),
  );
}

/** `message.process` and `{ process: 1 }` name members of our own; they refer to nothing outside. */
function isNameOfMember(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return false;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) {
    return (ts.isPropertyAccessExpression(parent) ? parent.name : parent.right) === node;
  }
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  return (
    (ts.isTypeElement(parent) || ts.isClassElement(parent) || ts.isPropertyAssignment(parent)) &&
    parent.name === node
  );
}

function isUseOfPureMath(node: ts.Identifier): boolean {
  return ts.isPropertyAccessExpression(node.parent) && node.parent.name.text !== 'random';
}

function problemsInTree(file: string, text: string, judge: (node: ts.Node) => string | undefined): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Finding[] = [];
  const visit = (node: ts.Node): void => {
    const what = judge(node);
    if (what !== undefined) found.push([node, what]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.map(([node, what]) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    return `${file}:${line + 1}: ${what}`;
  });
}

function problemsInLines(file: string, text: string, judge: (line: string) => string | undefined): string[] {
  return text.split('\n').flatMap((line, index) => {
    const what = judge(line);
    return what === undefined ? [] : [`${file}:${index + 1}: ${what}`];
  });
}
