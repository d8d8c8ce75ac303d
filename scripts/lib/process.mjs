// Running other programs from the scripts: output shown as it comes, or collected; a failure is one
// clear message and never a stack trace. Only Node built-ins: this runs before node_modules exists.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout (or of the installed package). */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A failure that the user can act on: printed as it is, without a stack. */
export class ScriptError extends Error {}

/** Is there an executable of this name on PATH? */
export function which(name) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Runs a program to its end. Shows its output unless `quiet`; then it comes back in `output`.
 * @returns {Promise<{status: number, output: string}>} status 128+n after signal n
 */
export function run(command, args, { cwd = root, env = {}, quiet = false, input, stderr } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [
        input === undefined ? 'ignore' : 'pipe',
        quiet ? 'pipe' : 'inherit',
        stderr ?? (quiet ? 'pipe' : 'inherit'),
      ],
    });
    let output = '';
    child.stdout?.on('data', (data) => (output += data));
    child.stderr?.on('data', (data) => (output += data));
    if (input !== undefined) child.stdin.end(input);
    child.on('error', (error) => reject(new ScriptError(`${command} does not start: ${error.message}`)));
    child.on('close', (status, signal) => resolve({ status: signal ? 128 : (status ?? 1), output }));
  });
}

/** As run(), but a failure throws, with the tail of what the program said. */
export async function must(command, args, options = {}) {
  const { status, output } = await run(command, args, options);
  if (status !== 0) {
    const tail = output
      ? `\n${output
          .trimEnd()
          .split('\n')
          .slice(-(options.tail ?? 40))
          .join('\n')}`
      : '';
    throw new ScriptError(`${options.what ?? [command, ...args].join(' ')}: exit status ${status}${tail}`);
  }
  return output;
}

/** The standard output of a short program, or null if it fails. */
export function capture(command, args) {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return done.status === 0 ? done.stdout : null;
}

/** A line of the scripts' own, on standard error: standard output belongs to results. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs a script's main function; a ScriptError becomes one message and exit status 1. */
export async function main(body) {
  try {
    process.exitCode = (await body(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    say(`\nringbed: ${error.message}`);
    process.exitCode = 1;
  }
}
