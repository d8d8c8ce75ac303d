// Makes a fresh clone ready: system packages, npm packages, native and TypeScript builds. Costs next to
// nothing when all is there. `npm start` and `npm test` call it; so does `npm run setup`.

import { ensurePackages } from './lib/packages.mjs';
import { main, ScriptError } from './lib/process.mjs';
import { ensureSystem } from './lib/system.mjs';

const leastNode = [20, 19];

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1])) {
    throw new ScriptError(
      `Node.js ${leastNode.join('.')} or newer is needed; this is ${process.versions.node}. ` +
        'Install a newer one (for instance: nvm install 20), then try again.',
    );
  }
  if (process.platform !== 'linux') {
    throw new ScriptError(`ringbed runs on Linux; this is ${process.platform}.`);
  }
}

/** @param {{tests?: boolean}} what tests: also what only `npm test` needs */
export async function setup({ tests = false } = {}) {
  checkNode();
  await ensureSystem({ tests });
  await ensurePackages();
  // Imported late: it loads packages that ensurePackages() may just have installed.
  const { build } = await import('./build.mjs');
  await build();
}

if (process.argv[1] === import.meta.filename) {
  await main((args) => setup({ tests: args.includes('--tests') }));
}
