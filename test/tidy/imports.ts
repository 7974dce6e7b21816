import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';

/**
 * Which folder may import what of ours. A word names a folder of src/ with everything in it, or one file without its
 * extension; `*` stands for everything. `values` are loaded at run time and include types; `types` may only appear in
 * `import type`. A folder may always import itself.
 *
 * A folder that is not listed fails the test, so that somebody decides.
 */
const folders: Readonly<
  Record<string, { readonly values: readonly string[]; readonly types: readonly string[] }>
> = {
  raft: { values: [], types: [] },
  net: { values: [], types: [] },
  storage: { values: [], types: ['raft'] },
  transport: { values: ['xmlrpc'], types: ['raft'] },
  stateMachine: { values: [], types: ['raft'] },
  node: { values: ['raft', 'net'], types: ['storage', 'transport', 'stateMachine'] },
  http: { values: ['net'], types: [] },
  xmlrpc: { values: ['net', 'http'], types: [] },
  blocks: { values: [], types: [] },
  sync: { values: ['client', 'net', 'http'], types: ['xmlrpc'] },
  config: { values: ['net'], types: [] },
  client: {
    values: ['xmlrpc', 'net', 'http', 'node/errors', 'node/clientSessions'],
    types: ['stateMachine/command'],
  },
  api: {
    // A surface writes the commands of the state machine it is for.
    values: ['node', 'xmlrpc', 'http', 'net', 'blocks', 'stateMachine/command'],
    types: ['raft', 'storage', 'transport', 'stateMachine', 'config'],
  },
  metrics: {
    values: ['node', 'xmlrpc'],
    types: ['http', 'raft', 'storage', 'transport', 'stateMachine', 'api', 'blocks', 'dashboard/sample'],
  },
  dashboard: {
    values: ['api/jsonCall', 'net', 'node', 'stateMachine/entryLabel', 'xmlrpc'],
    types: ['api', 'http', 'raft', 'stateMachine'],
  },
  verify: { values: [], types: [] },
  sim: {
    values: ['raft', 'node', 'storage', 'transport', 'stateMachine', 'verify', 'xmlrpc/text'],
    types: [],
  },
  // A page is bundled: what it imports must run in a browser.
  web: { values: ['raft', 'node', 'sim', 'stateMachine', 'verify', 'dashboard/sample'], types: [] },
  cli: { values: ['*'], types: [] },
  chaos: { values: ['client', 'verify', 'net', 'config/clusterFile', 'sim/prng'], types: [] },
};

/** Folders without I/O: no package and no part of Node either. */
const pureFolders: readonly string[] = ['raft'];

/** Folders that are bundled for the browser: packages of development become a part of the result, and Node is not there. */
const bundledFolders: Readonly<Record<string, readonly string[]>> = {
  web: ['preact', '@preact/signals', 'uplot'],
};

interface Import {
  /** Undefined when it is computed: `import(name)`. */
  readonly specifier: string | undefined;
  readonly typeOnly: boolean;
  readonly node: ts.Node;
}

/**
 * The imports of a source file that its folder must not have.
 *
 * @param file path from the root of the tree: `src/FOLDER/...` or `chaos/...`
 * @param dependencies names of the packages that are installed at run time
 */
export function importProblems(file: string, text: string, dependencies: readonly string[]): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const folder = folderOf(file);
  if (folder === undefined) return [];
  if (folders[folder] === undefined) {
    return [`${file}: folder ${folder} has no line in the table of imports: decide what it may import`];
  }
  return importsOf(source).flatMap(({ specifier, typeOnly, node }) => {
    const problem = importProblem(file, folder, specifier, typeOnly, dependencies);
    return problem === undefined ? [] : [`${file}:${lineOf(source, node)}: ${problem}`];
  });
}

function importProblem(
  file: string,
  folder: string,
  specifier: string | undefined,
  typeOnly: boolean,
  dependencies: readonly string[],
): string | undefined {
  if (specifier === undefined) return 'a computed import cannot be checked: name the module';
  return specifier.startsWith('.')
    ? ownImportProblem(file, folder, specifier, typeOnly)
    : packageProblem(folder, specifier, dependencies);
}

function ownImportProblem(
  file: string,
  folder: string,
  specifier: string,
  typeOnly: boolean,
): string | undefined {
  const target = posix.join(posix.dirname(file), specifier).replace(/\.(?:[jt]s|tsx|css)$/, '');
  const targetFolder = folderOf(target);
  if (targetFolder === undefined) return `${specifier} is outside the source folders`;
  if (targetFolder === folder) return undefined;
  const { values = [], types = [] } = folders[folder] ?? {};
  const name = target.replace(/^src\//, '');
  const covers = (allowed: string): boolean =>
    allowed === '*' || allowed === name || name.startsWith(`${allowed}/`);
  if (values.some(covers)) return undefined;
  if (!types.some(covers)) return `${folder} must not import ${name}`;
  return typeOnly ? undefined : `${folder} may import only types of ${name}: write import type`;
}

function packageProblem(
  folder: string,
  specifier: string,
  dependencies: readonly string[],
): string | undefined {
  if (pureFolders.includes(folder)) return `${folder} is pure and must not import ${specifier}`;
  const bundled = bundledFolders[folder];
  if (bundled !== undefined) {
    const isBundled = bundled.some((name) => specifier === name || specifier.startsWith(`${name}/`));
    return isBundled ? undefined : `${folder} runs in the browser and must not import ${specifier}`;
  }
  if (specifier.startsWith('node:')) return undefined;
  if (isBuiltin(specifier)) return `write node:${specifier}`;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return dependencies.includes(name) ? undefined : `${name} is not among the dependencies in package.json`;
}

/** `raft` for `src/raft/...`, `chaos` for `chaos/...`, `src` for a file directly in src/. */
function folderOf(path: string): string | undefined {
  const [top, second, ...rest] = path.split('/');
  if (top === 'chaos') return top;
  if (top !== 'src') return undefined;
  return rest.length === 0 ? top : second;
}

/** Every way in which a file can name another module. */
function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean, node: ts.Node): void => {
    const text = specifier !== undefined && ts.isStringLiteralLike(specifier) ? specifier.text : undefined;
    found.push({ specifier: text, typeOnly, node });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      // `import { type A }` still loads the module, only `import type { A }` does not.
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword, node);
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node.moduleSpecifier, node.isTypeOnly, node);
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument, true, node);
    } else if (ts.isExternalModuleReference(node)) {
      add(node.expression, false, node);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false, node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
