// `npm test`: set up what is missing, then every test of every runner, and one line that adds them up.
// `npm test -- --only checks|unit|cpp|fuzz|e2e|live` (repeatable) narrows; REQUIRE_LIVE=1 makes a skip a failure.
import { runCheck, staticChecks } from './lib/checks.mjs';
import { addressSanitized, ctest, testedFolders, threadSanitized } from './lib/cpp-tests.mjs';
import { fuzz } from './lib/fuzz-tests.mjs';
import { main, ScriptError, say } from './lib/process.mjs';
import { Tally } from './lib/tally.mjs';
import { vitest } from './lib/vitest.mjs';
import { setup } from './setup.mjs';

const groups = ['checks', 'unit', 'cpp', 'fuzz', 'e2e', 'live'];

function chosenGroups(args) {
  const chosen = [];
  for (let i = 0; i < args.length; i++) {
    const value = args[i].startsWith('--only=')
      ? args[i].slice(7)
      : args[i] === '--only'
        ? args[++i]
        : undefined;
    if (!groups.includes(value)) {
      throw new ScriptError(`npm test -- ${args.join(' ')}: expected --only ${groups.join('|')}`);
    }
    chosen.push(value);
  }
  return chosen.length > 0 ? chosen : groups;
}

async function checks(tally) {
  const counts = { passed: 0, failed: 0, skipped: 0, skips: [] };
  for (const check of staticChecks()) {
    if (check.skip !== undefined) {
      counts.skipped++;
      counts.skips.push(`${check.name}: ${check.skip}`);
      continue;
    }
    const { status, output } = await runCheck(check);
    if (status === 0) counts.passed++;
    else {
      counts.failed++;
      say(`test: ${check.name}:\n${output.trimEnd().split('\n').slice(-60).join('\n')}`);
    }
  }
  tally.add('checks', counts);
}

// A runner that breaks (a build that fails, for one) is a failure, and the others still run.
async function runner(tally, name, body) {
  try {
    tally.add(name, await body());
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    tally.broken(name, error);
  }
}

const runners = {
  checks,
  unit: (tally) => runner(tally, 'unit, property, conformance', () => vitest('unit')),
  cpp: async (tally) => {
    await runner(tally, 'C++ (ctest)', ctest);
    await runner(tally, 'C++ with ASan and UBSan', () => addressSanitized(testedFolders()));
    await runner(tally, 'C++ with TSan', () => threadSanitized());
  },
  fuzz: (tally) => runner(tally, 'fuzzers', fuzz),
  e2e: (tally) => runner(tally, 'command line', () => vitest('e2e')),
  live: (tally) => runner(tally, 'live', () => vitest('live')),
};

await main(async (args) => {
  const chosen = chosenGroups(args);
  await setup({ tests: true });
  const tally = new Tally();
  for (const group of groups.filter((name) => chosen.includes(name))) await runners[group](tally);
  return tally.finish({ strict: process.env.REQUIRE_LIVE === '1' });
});
