// Where runs are kept: a folder with run.pb (everything needed to repeat the run), report.json and
// scenario.yaml for people.
import { accessSync, constants, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RingbedError } from '../errors/index.js';
import { fileError, writeFileAtomic } from './atomic-file.js';
import { decodeRecord } from './record.js';
import type { RunRecord } from './result.js';
import type { FinishedRun } from './run.js';

/** Makes the folder if need be: before a long run, so that one that cannot be kept never starts. */
export function prepareStore(directory: string): void {
  try {
    makeFolder(resolve(directory));
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw fileError(error, 'write', directory);
  }
}

// Not mkdir's own `recursive`: it never returns where a file system refuses new folders (/proc).
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else made it meanwhile.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Writes the folder, run.pb last: a folder with a run.pb is complete. */
export function storeRun(directory: string, run: FinishedRun, reportJson: string): void {
  prepareStore(directory);
  writeFileAtomic(join(directory, 'scenario.yaml'), run.record.scenarioYaml);
  writeFileAtomic(join(directory, 'report.json'), reportJson);
  writeFileAtomic(join(directory, 'run.pb'), run.bytes);
}

/** Reads a record from such a folder or from a run.pb. */
export function readRun(path: string): RunRecord {
  try {
    const folder = statSync(path).isDirectory();
    const file = folder ? join(path, 'run.pb') : path;
    if (folder && statSync(file, { throwIfNoEntry: false }) === undefined) {
      throw new RingbedError(
        'io',
        `${path} holds no run.pb`,
        'give the folder that `ringbed run --out DIR` wrote',
      );
    }
    return decodeRecord(readFileSync(file), file);
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}
