// The C++ tests: under ctest as they are, and again, straight from their executables, built with
// sanitizers. Counts are test cases, as GoogleTest counts them.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildTree } from './native.mjs';
import { root, run, say } from './process.mjs';
import { filesBelow } from './stamp.mjs';
import { canFuzz } from './system.mjs';

// With assertions on: RelWithDebInfo would switch them off.
const common = { CMAKE_BUILD_TYPE: 'RelWithDebInfo', RINGBED_TESTS: 'ON', RINGBED_WERROR: 'ON' };
const flags = (optimization) => ({ CMAKE_CXX_FLAGS_RELWITHDEBINFO: `${optimization} -g1` });

/** Folders of csrc/ that have C++ tests. */
export function testedFolders() {
  const folders = filesBelow('test/unit')
    .filter((file) => file.endsWith('_test.cpp'))
    .map((file) => file.split('/')[2]);
  return [...new Set(folders)].filter((folder) => existsSync(join(root, 'csrc', folder, 'CMakeLists.txt')));
}

/** Every test, by ctest. */
export async function ctest() {
  const directory = await buildTree('test', { ...common, ...flags('-O2') });
  const junit = join(directory, 'ctest.xml');
  rmSync(junit, { force: true });
  const parallel = String(availableParallelism());
  const { status, output } = await run(
    'ctest',
    ['--test-dir', directory, '--output-on-failure', '-j', parallel, '--output-junit', junit],
    { quiet: true },
  );
  const counts = existsSync(junit) ? junitCounts(readFileSync(junit, 'utf8')) : { failed: 1 };
  if (status !== 0) say(failuresOf(output));
  return status !== 0 && !counts.failed ? { ...counts, failed: 1 } : counts;
}

function junitCounts(xml) {
  const cases = [...xml.matchAll(/<testcase name="([^"]*)"[^>]*status="(\w+)"/g)];
  const named = (status) => cases.filter((match) => match[2] === status).map((match) => match[1]);
  const skips = [...named('notrun'), ...named('disabled')];
  const passed = named('run').length;
  return { passed, failed: cases.length - passed - skips.length, skipped: skips.length, skips };
}

// ctest prints a line for each test that passed; only the others matter.
function failuresOf(output) {
  return output
    .split('\n')
    .filter((line) => !/\bPassed\b|^ *Start +\d+:/.test(line))
    .join('\n');
}

/**
 * The tree of address and undefined behaviour sanitizers: C++ tests and fuzzers in one, as they share all of
 * csrc. With clang, for its fuzzers and because the digests of the golden scenarios must not depend on the
 * compiler; with the system's own, and without fuzzers, where it is not installed.
 */
export async function addressTree(targets) {
  const clang = canFuzz();
  return await buildTree(
    'asan',
    {
      ...common,
      ...flags('-O1'),
      ...(clang ? { CMAKE_CXX_COMPILER: 'clang++', RINGBED_FUZZ: 'ON' } : {}),
      RINGBED_SANITIZE: 'address,undefined',
    },
    targets,
  );
}

/** The tests of `folders` under ASan and UBSan. */
export async function addressSanitized(folders) {
  const targets = folders.map((folder) => `${folder}_test`);
  // run_plan: test/golden/builds.test.ts compares it with the other builds.
  const directory = await addressTree([...targets, 'run_plan']);
  const env = {
    ASAN_OPTIONS: 'detect_leaks=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
    // Here for faults of memory; ctest has compared the results over more frames.
    RINGBED_DIFFERENTIAL_FRAMES: process.env.RINGBED_DIFFERENTIAL_FRAMES ?? '10000',
  };
  return await googleTests(directory, targets, env);
}

const concurrencyTests = '_concurrency_test.cpp';

/** The tests in which threads meet, under TSan. */
export async function threadSanitized() {
  const folders = filesBelow('test/unit')
    .filter((file) => file.endsWith(concurrencyTests))
    .map((file) => file.split('/')[2]);
  const targets = [...new Set(folders)].map((folder) => `${folder}_test`);
  const directory = await buildTree(
    'tsan',
    { ...common, ...flags('-O1'), RINGBED_SANITIZE: 'thread', RINGBED_TEST_FILES: `*${concurrencyTests}` },
    targets,
  );
  return await googleTests(directory, targets, { TSAN_OPTIONS: 'halt_on_error=1' });
}

async function googleTests(directory, targets, env) {
  const total = { passed: 0, failed: 0, skipped: 0, skips: [] };
  const queue = [...targets];
  const work = async () => {
    for (let target = queue.shift(); target !== undefined; target = queue.shift()) {
      const counts = await googleTest(directory, target, env);
      for (const key of ['passed', 'failed', 'skipped']) total[key] += counts[key];
      total.skips.push(...counts.skips);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return total;
}

async function googleTest(directory, target, env) {
  const json = join(directory, 'results', `${target}.json`);
  mkdirSync(join(directory, 'results'), { recursive: true });
  rmSync(json, { force: true });
  const args = [`--gtest_output=json:${json}`, '--gtest_brief=1'];
  const { status, output } = await run(join(directory, target), args, { env, quiet: true });
  if (status !== 0) say(`${target}:\n${output.trimEnd().split('\n').slice(-80).join('\n')}`);
  // A sanitizer ends the process before the results are written.
  if (!existsSync(json)) return { passed: 0, failed: 1, skipped: 0, skips: [] };
  const { tests, failures, testsuites } = JSON.parse(readFileSync(json, 'utf8'));
  const skips = testsuites.flatMap((suite) =>
    suite.testsuite.filter((test) => test.result === 'SKIPPED').map((test) => `${suite.name}.${test.name}`),
  );
  const failed = status !== 0 && failures === 0 ? 1 : failures;
  return { passed: tests - failures - skips.length, failed, skipped: skips.length, skips };
}
