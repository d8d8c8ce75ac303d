// Short runs of every libFuzzer target under ASan and UBSan: a test passes when nothing was found. The
// corpus in test/fuzz/corpus/<name>/ seeds it, test/fuzz/<name>.dict helps; what a run adds stays in build/fuzz/.
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildTree } from './native.mjs';
import { root, run, say, which } from './process.mjs';
import { filesBelow } from './stamp.mjs';

/** Names of the fuzzers: test/fuzz/<name>_fuzz.cpp. */
export function fuzzers() {
  return filesBelow('test/fuzz')
    .filter((file) => file.endsWith('_fuzz.cpp'))
    .map((file) => basename(file, '_fuzz.cpp'));
}

/** Runs every fuzzer, `seconds` in all but at least two each. */
export async function fuzz(seconds) {
  const names = fuzzers();
  if (names.length === 0) return {};
  if (!which('clang++'))
    return { skipped: names.length, skips: names.map((name) => `${name}: clang++ is not installed`) };
  const targets = names.map((name) => `${name}_fuzz`);
  const directory = await buildTree(
    'fuzz',
    {
      CMAKE_CXX_COMPILER: 'clang++',
      CMAKE_BUILD_TYPE: 'RelWithDebInfo',
      CMAKE_CXX_FLAGS_RELWITHDEBINFO: '-O1 -g1',
      RINGBED_FUZZ: 'ON',
      // fuzzer-no-link: coverage of the libraries too, not of the target's own file alone.
      RINGBED_SANITIZE: 'address,undefined,fuzzer-no-link',
    },
    targets,
  );
  const each = Math.max(2, Math.floor(seconds / names.length));
  let failed = 0;
  for (const name of names) {
    const grown = join(directory, 'corpus', name);
    mkdirSync(grown, { recursive: true });
    const seeds = join(root, 'test/fuzz/corpus', name);
    const dictionary = join(root, 'test/fuzz', `${name}.dict`);
    const { status, output } = await run(
      join(directory, `${name}_fuzz`),
      [
        `-max_total_time=${each}`,
        '-timeout=10',
        '-rss_limit_mb=2048',
        `-artifact_prefix=${directory}/${name}-`,
        ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
        grown,
        ...(existsSync(seeds) ? [seeds] : []),
      ],
      { quiet: true },
    );
    const runs = /#(\d+)\s+DONE/.exec(output)?.[1] ?? '?';
    say(
      `test: fuzz ${name}: ${runs} runs in ${each} s${status === 0 ? '' : `, FOUND:\n${output.slice(-6000)}`}`,
    );
    if (status !== 0) failed++;
  }
  return { passed: names.length - failed, failed };
}
