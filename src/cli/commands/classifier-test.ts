// `ringbed classifier test FILE`: tests that are data, in one or several executors.
import { readTestFile, runTestFile } from '../../classifier/index.js';
import { exitCodes } from '../../errors/index.js';
import { emitJson, type JsonFlag, jsonOnStdout } from '../json-output.js';
import { print } from '../output.js';
import { executorsOf, type ObjectFlags } from './classifier-flags.js';

export function classifierTest(files: string[], flags: ObjectFlags & { json?: JsonFlag }): number {
  const outcomes = files.flatMap((path) => {
    const file = readTestFile(path);
    return executorsOf(flags).flatMap((executor) =>
      runTestFile(file, executor).map((outcome) => ({ file: path, ...outcome })),
    );
  });
  const failed = outcomes.filter((outcome) => !outcome.ok);
  emitJson(flags.json, { passed: outcomes.length - failed.length, failed: failed.length, tests: outcomes });
  if (!jsonOnStdout(flags.json)) {
    for (const outcome of outcomes) {
      print(`${outcome.ok ? 'ok    ' : 'FAILED'} ${outcome.in.padEnd(6)} ${outcome.description}\n`);
      for (const problem of outcome.problems) print(`         ${problem}\n`);
    }
    print(`${outcomes.length - failed.length} passed, ${failed.length} failed\n`);
  }
  return failed.length > 0 ? exitCodes.slo : 0;
}
