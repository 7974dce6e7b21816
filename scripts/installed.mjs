// Exits with 0 when the packages in node_modules are those that package-lock.json asks for.
// Optional packages may be missing: most of them are binaries for other platforms.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

function packagesIn(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

const root = process.argv[2];
const wanted = packagesIn(join(root, 'package-lock.json'));
const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'));

const missing = Object.entries(wanted).filter(([path, { version, optional }]) => {
  if (path === '') return false;
  const found = installed[path];
  return found === undefined ? optional !== true : found.version !== version;
});
process.exitCode = missing.length === 0 ? 0 : 1;
