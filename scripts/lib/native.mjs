// Native builds: the addon by cmake-js (headers from node-api-headers: nothing is downloaded), the C++
// tests, sanitizers, fuzzers and benchmarks by plain cmake, each in a directory of its own below build/.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { must, root, say } from './process.mjs';
import { onceFor } from './stamp.mjs';

export const addonPath = 'build/Release/ringbed.node';
const parallel = String(availableParallelism());

// A cache that another checkout, generator or compiler left makes cmake refuse, or forget options: start over.
function dropForeignCache(directory, generator, compiler) {
  const cache = join(root, directory, 'CMakeCache.txt');
  if (!existsSync(cache)) return;
  const text = readFileSync(cache, 'utf8');
  const fits =
    text.includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${root}\n`) &&
    text.includes(`CMAKE_GENERATOR:INTERNAL=${generator}\n`) &&
    (compiler === undefined || /^CMAKE_CXX_COMPILER:.*/m.exec(text)?.[0].endsWith(compiler));
  if (!fits) {
    rmSync(cache);
    rmSync(join(root, directory, 'CMakeFiles'), { recursive: true, force: true });
  }
}

/** Builds the addon if a source changed since the last time. */
export async function ensureAddon() {
  const recipe = { inputs: ['csrc', 'cmake', 'CMakeLists.txt', 'package-lock.json'], outputs: [addonPath] };
  // A library that was installed since then is a reason to build again.
  const libraries = existsSync('/usr/include/bpf/libbpf.h') ? 'libbpf' : '';
  await onceFor('addon', { ...recipe, salt: root + process.arch + libraries }, async () => {
    say('setup: building the native addon');
    dropForeignCache('build', 'Ninja');
    const cmakeJs = join(root, 'node_modules/cmake-js/bin/cmake-js');
    const common = ['-O', join(root, 'build'), '-B', 'Release', '-G', 'Ninja', '-l', 'error'];
    const quiet = { quiet: true, what: 'the native build' };
    await must(process.execPath, [cmakeJs, 'configure', ...common], quiet);
    await must(process.execPath, [cmakeJs, 'build', ...common, '-p', parallel, '-T', 'ringbed_addon'], quiet);
  });
}

/** Configures and builds a plain cmake tree in build/<name>. */
export async function buildTree(name, options, targets = []) {
  const directory = `build/${name}`;
  dropForeignCache(directory, 'Ninja', options.CMAKE_CXX_COMPILER);
  const defines = Object.entries(options).map(([key, value]) => `-D${key}=${value}`);
  await must('cmake', ['-S', root, '-B', join(root, directory), '-G', 'Ninja', ...defines], {
    quiet: true,
    what: `configuring ${directory}`,
  });
  const only = targets.length > 0 ? ['--target', ...targets] : [];
  await must('cmake', ['--build', join(root, directory), '--parallel', parallel, ...only], {
    quiet: true,
    tail: 60,
    what: `building ${directory}`,
  });
  return join(root, directory);
}
