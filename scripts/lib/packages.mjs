// node_modules against package-lock.json: npm keeps what it installed in node_modules/.package-lock.json,
// so that "is everything there" is a comparison of two files and needs no npm.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, ScriptError, say } from './process.mjs';

function lockedPackages(file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
}

/** Does node_modules hold what package-lock.json asks for? Optional packages may be absent. */
export function packagesAreCurrent() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return false;
  const installed = lockedPackages('node_modules/.package-lock.json');
  return Object.entries(lockedPackages('package-lock.json')).every(
    ([path, wanted]) => path === '' || wanted.optional || installed[path]?.version === wanted.version,
  );
}

/** Runs `npm ci` if node_modules does not fit the lock file. */
export async function ensurePackages() {
  if (packagesAreCurrent()) return;
  say('setup: npm ci');
  const { status, output } = await run('npm', ['ci', '--no-audit', '--no-fund'], { quiet: true });
  if (status !== 0) {
    const network = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|network/.test(output);
    throw new ScriptError(
      `npm ci failed${network ? ": the package registry cannot be reached; check the network or npm's proxy settings" : ''}\n` +
        output.trimEnd().split('\n').slice(-15).join('\n'),
    );
  }
}
