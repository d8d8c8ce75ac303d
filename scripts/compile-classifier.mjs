// Compiles csrc/classifier/ to csrc/classifier/classifier.bpf.o, which is part of the repository: so a scenario
// with the bundled classifier has the same digest on any machine, and needs no clang. Run it after a change there:
//   node scripts/compile-classifier.mjs
// The .json beside the object says what it was made of; `npm test` compares (test/unit/classifier/bundled.test.ts).
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, folder, object, origin, record } from './lib/classifier.mjs';
import { main, say } from './lib/process.mjs';

await main(async () => {
  const made = join(folder, `${object}.tmp`);
  try {
    await compile(made);
    renameSync(made, join(folder, object));
  } finally {
    rmSync(made, { force: true });
  }
  writeFileSync(join(folder, record), `${JSON.stringify(origin(), null, 1)}\n`);
  say(`compiled ${object}`);
});
