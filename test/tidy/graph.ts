import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

/** One import or re-export: of which file, and which names; `*` stands for all of them. */
interface Use {
  readonly file: string;
  readonly names: readonly string[];
}

/** A file, what it takes from others of the tree, and what it offers them. */
export interface Module {
  readonly file: string;
  readonly uses: readonly Use[];
  readonly exports: readonly Export[];
}

interface Export {
  readonly name: string;
  readonly isType: boolean;
}

/** @param file path from the root of the tree; imports are given as such paths, too */
export function moduleOf(file: string, text: string): Module {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const uses: Use[] = [];
  const found: Export[] = [];
  const visit = (node: ts.Node): void => {
    const used = useIn(file, node);
    if (used !== undefined) uses.push(used);
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const statement of source.statements) found.push(...exportsOf(statement));
  // An import names the compiled file, in which .ts and .tsx are alike.
  return { file: file.replace(/\.tsx$/, '.ts'), uses, exports: found };
}

function useIn(file: string, node: ts.Node): Use | undefined {
  if (ts.isImportDeclaration(node)) return use(file, node.moduleSpecifier, namesOf(node.importClause));
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    const { exportClause } = node;
    const isNamed = exportClause !== undefined && ts.isNamedExports(exportClause);
    const names = isNamed
      ? exportClause.elements.map((each) => (each.propertyName ?? each.name).text)
      : ['*'];
    return use(file, node.moduleSpecifier, names);
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return use(file, node.argument.literal, ['*']);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return use(file, node.arguments[0], ['*']);
  return undefined;
}

function use(file: string, specifier: ts.Node | undefined, names: readonly string[]): Use | undefined {
  if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.'))
    return undefined;
  const path = relative('.', join(dirname(file), specifier.text));
  return { file: withoutExtension(path), names };
}

/** `a.js` is imported and `a.ts` or `a.tsx` is the file. */
function withoutExtension(file: string): string {
  return file.replace(/\.[jt]sx?$/, '');
}

function namesOf(clause: ts.ImportClause | undefined): string[] {
  const bindings = clause?.namedBindings;
  if (bindings === undefined) return [];
  if (ts.isNamespaceImport(bindings)) return ['*'];
  return bindings.elements.map((each) => (each.propertyName ?? each.name).text);
}

function exportsOf(statement: ts.Statement): Export[] {
  if (ts.isExportDeclaration(statement)) return [];
  const isExported =
    ts.canHaveModifiers(statement) &&
    ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
  if (!isExported) return [];
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => ({
      name: name.getText(),
      isType: false,
    }));
  const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
  const isNamed = isType || ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
  return isNamed && statement.name !== undefined
    ? [{ name: statement.name.text, isType: isType || ts.isClassDeclaration(statement) }]
    : [];
}

/** Files that import each other, by whatever detour, type-only imports included; each group in order of its names. */
export function importCircles(modules: readonly Module[]): string[][] {
  const known = new Map(modules.map((each) => [withoutExtension(each.file), each]));
  const reach = (from: string): Set<string> => {
    const seen = new Set<string>();
    const open = [from];
    for (let file = open.pop(); file !== undefined; file = open.pop())
      for (const { file: next } of known.get(file)?.uses ?? [])
        if (known.has(next) && !seen.has(next)) {
          seen.add(next);
          open.push(next);
        }
    return seen;
  };
  const reached = new Map([...known.keys()].map((file) => [file, reach(file)]));
  const circles = new Map<string, string[]>();
  for (const [file, seen] of reached) {
    if (!seen.has(file)) continue;
    const members = [...seen].filter((other) => reached.get(other)?.has(file) === true);
    const circle = members.map((other) => known.get(other)?.file ?? other).sort();
    circles.set(circle.join(), circle);
  }
  return [...circles.values()];
}

/** Exports, as `FILE: NAME`, that no other of the modules imports. `isPublic`: files whose exports are for others. */
export function unusedExports(modules: readonly Module[], isPublic: (file: string) => boolean): string[] {
  const used = new Set<string>();
  const usedWhole = new Set<string>();
  for (const { uses } of modules)
    for (const { file, names } of uses)
      for (const name of names) {
        if (name === '*') usedWhole.add(file);
        used.add(`${file}: ${name}`);
      }
  return modules
    .filter(({ file }) => !isPublic(file) && !usedWhole.has(withoutExtension(file)))
    .flatMap(({ file, exports }) => exports.map(({ name }) => ({ file, name })))
    .filter(({ file, name }) => !used.has(`${withoutExtension(file)}: ${name}`))
    .map(({ file, name }) => `${file}: ${name}`);
}

/** Types that are exported under one name by more than one file: one meaning per word. */
export function ambiguousTypes(modules: readonly Module[]): string[] {
  const files = new Map<string, string[]>();
  for (const { file, exports } of modules)
    for (const { name, isType } of exports) if (isType) files.set(name, [...(files.get(name) ?? []), file]);
  return [...files].filter(([, all]) => all.length > 1).map(([name, all]) => `${name}: ${all.join(', ')}`);
}
