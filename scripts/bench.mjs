// Builds and runs the C++ benchmarks of test/bench/. `--list` names them; a name runs that one and prints
// the JSON that it printed. `ringbed bench` is the way in.
import { basename, join } from 'node:path';
import { buildTree } from './lib/native.mjs';
import { main, must } from './lib/process.mjs';
import { filesBelow } from './lib/stamp.mjs';

const suffix = '_bench.cpp';
const names = filesBelow('test/bench')
  .filter((file) => file.endsWith(suffix))
  .map((file) => basename(file, suffix));

await main(async ([wanted]) => {
  if (wanted === '--list') {
    process.stdout.write(names.map((name) => `${name}\n`).join(''));
    return 0;
  }
  const target = `${wanted}_bench`;
  const directory = await buildTree('bench', { CMAKE_BUILD_TYPE: 'Release', RINGBED_BENCH: 'ON' }, [target]);
  process.stdout.write(
    await must(join(directory, target), [], { quiet: true, stderr: 'inherit', what: target }),
  );
  return 0;
});
