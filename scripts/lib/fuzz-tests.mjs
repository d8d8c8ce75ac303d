// Runs of every libFuzzer target under ASan and UBSan: a test passes when nothing was found. A short run
// goes one way, from the corpus in test/fuzz/corpus/<name>/ and a fixed seed, so that it is the change
// under test that it judges. A search (RINGBED_FUZZ_SECONDS) draws its seed and builds on what earlier
// searches kept in build/asan/corpus/. test/fuzz/<name>.dict helps where it is there.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { addressTree } from './cpp-tests.mjs';
import { root, run, ScriptError, say } from './process.mjs';
import { filesBelow } from './stamp.mjs';
import { canFuzz } from './system.mjs';

/** Names of the fuzzers: test/fuzz/<name>_fuzz.cpp. */
export function fuzzers() {
  return filesBelow('test/fuzz')
    .filter((file) => file.endsWith('_fuzz.cpp'))
    .map((file) => basename(file, '_fuzz.cpp'));
}

const shortSeconds = 2;

/** Runs every fuzzer, for two seconds or for RINGBED_FUZZ_SECONDS each. */
export async function fuzz() {
  const names = fuzzers();
  if (names.length === 0) return {};
  if (!canFuzz())
    return {
      skipped: names.length,
      skips: names.map((name) => `${name}: clang++ with libFuzzer is not installed`),
    };
  const targets = names.map((name) => `${name}_fuzz`);
  const directory = await addressTree(targets);
  const search = process.env.RINGBED_FUZZ_SECONDS;
  const seconds = search === undefined ? shortSeconds : Number(search);
  if (!(seconds > 0))
    throw new ScriptError(`RINGBED_FUZZ_SECONDS=${search}: expected seconds for each target`);
  let failed = 0;
  for (const name of names) {
    const { status, output } = await attack(directory, name, seconds, search !== undefined);
    const runs = /#(\d+)\s+DONE/.exec(output)?.[1] ?? '?';
    const found = status === 0 ? '' : `, FOUND:\n${output.slice(-6000)}`;
    say(`test: fuzz ${name}: ${runs} runs in ${seconds} s${found}`);
    if (status !== 0) failed++;
  }
  return { passed: names.length - failed, failed };
}

function attack(directory, name, seconds, search) {
  // libFuzzer adds what it finds new to the first folder.
  const grown = join(directory, search ? 'corpus' : 'short', name);
  if (!search) rmSync(grown, { recursive: true, force: true });
  mkdirSync(grown, { recursive: true });
  const dictionary = join(root, 'test/fuzz', `${name}.dict`);
  const args = [
    `-max_total_time=${seconds}`,
    ...(search ? [] : ['-seed=1']),
    // An input may take long on a busy machine; what this finds is one that never ends.
    '-timeout=60',
    '-rss_limit_mb=2048',
    `-artifact_prefix=${directory}/${name}-`,
    ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
    grown,
    ...[join(root, 'test/fuzz/corpus', name)].filter(existsSync),
  ];
  return run(join(directory, `${name}_fuzz`), args, { quiet: true });
}
