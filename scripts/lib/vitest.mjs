// The TypeScript tests: vitest, its own report on the screen and its counts from a file.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './process.mjs';

/** Runs one project of vitest.config.ts. */
export async function vitest(project) {
  const file = join(root, 'build', `vitest-${project}.json`);
  rmSync(file, { force: true });
  const { status } = await run(process.execPath, [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    `--project=${project}`,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  if (!existsSync(file)) return { failed: status === 0 ? 0 : 1 };
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const cases = report.testResults.flatMap((suite) => suite.assertionResults);
  const skips = cases
    .filter((test) => test.status === 'pending' || test.status === 'skipped' || test.status === 'todo')
    .map((test) => test.fullName);
  const passed = cases.filter((test) => test.status === 'passed').length;
  const failed = cases.filter((test) => test.status === 'failed').length;
  // A file that does not load has no cases, and fails all the same.
  return { passed, failed: status !== 0 && failed === 0 ? 1 : failed, skipped: skips.length, skips };
}
