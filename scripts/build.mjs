// Builds everything that is made from sources: the addon, dist/ (TypeScript), generated/proto.json (the
// .proto files as protobufjs loads them) and generated/tables.json (the addon's tables, so that
// scenario/ and report/ work without the addon). Each step is skipped when its inputs did not change.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { bundleCommandLine } from './lib/bundle.mjs';
import { addonPath, ensureAddon } from './lib/native.mjs';
import { main, must, root, ScriptError, say } from './lib/process.mjs';
import { onceFor } from './lib/stamp.mjs';

const require = createRequire(import.meta.url);
const protos = ['src/scenario/scenario.proto', 'src/run/record.proto'];

function writeGenerated(name, value) {
  const path = join(root, 'generated', name);
  mkdirSync(join(root, 'generated'), { recursive: true });
  writeFileSync(`${path}.tmp`, `${JSON.stringify(value, null, 1)}\n`);
  renameSync(`${path}.tmp`, path);
}

async function generateProto() {
  await onceFor('proto', { inputs: protos, outputs: ['generated/proto.json'] }, () => {
    const protobuf = require('protobufjs');
    const tree = new protobuf.Root();
    // Imports name the file alone; protos of different folders see each other.
    tree.resolvePath = (_origin, target) =>
      join(root, protos.find((proto) => basename(proto) === basename(target)) ?? target);
    writeGenerated('proto.json', tree.loadSync(protos.at(-1)).toJSON());
  });
}

async function generateTables() {
  await onceFor('tables', { inputs: [addonPath], outputs: ['generated/tables.json'] }, () => {
    let addon;
    try {
      addon = require(join(root, addonPath));
    } catch (error) {
      throw new ScriptError(`the addon was built but does not load: ${error.message}`);
    }
    writeGenerated('tables.json', addon.tables);
  });
}

// The library (dist/index.js, with its types) as tsc writes it; the command line as a bundle.
async function compileTypeScript() {
  const recipe = {
    inputs: ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/lib/bundle.mjs'],
    outputs: ['dist/index.js', 'dist/cli/main.js'],
  };
  await onceFor('typescript', recipe, async () => {
    say('setup: compiling TypeScript');
    const tsc = ['-p', join(root, 'tsconfig.build.json')];
    await Promise.all([
      must(join(root, 'node_modules/.bin/tsc'), tsc, { quiet: true, what: 'tsc' }),
      bundleCommandLine(),
    ]);
  });
}

export async function build() {
  await generateProto();
  await ensureAddon();
  await generateTables();
  await compileTypeScript();
}

if (process.argv[1] === import.meta.filename) await main(build);
