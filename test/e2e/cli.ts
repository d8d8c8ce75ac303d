// Runs the built command line as users do, in folders of its own.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

export const root = resolve(import.meta.dirname, '../..');
export const main = join(root, 'dist/cli/main.js');

export interface Finished {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `ringbed ARGS` to its end. */
export function ringbed(
  args: readonly string[],
  { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Finished {
  const done = spawnSync(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', LANG: 'C.UTF-8', ...env },
    encoding: 'utf8',
    maxBuffer: 256 * 2 ** 20,
  });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** Runs a line of shell with `ringbed` defined; its status is the shell's. */
export function shell(line: string, cwd = root): Finished {
  const script = `set -o pipefail; ringbed() { "${process.execPath}" "${main}" "$@"; }; ${line}`;
  const done = spawnSync('bash', ['-c', script], { cwd, encoding: 'utf8', maxBuffer: 256 * 2 ** 20 });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

export interface Started {
  /** Standard error so far. */
  pid: number;
  stderr(): string;
  interrupt(): void;
  kill(): void;
  finished: Promise<Finished & { signal: NodeJS.Signals | null }>;
}

/** Starts `ringbed ARGS` and leaves it running. */
export function start(args: readonly string[], cwd = root): Started {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  return {
    pid: child.pid as number,
    stderr: () => stderr,
    interrupt: () => child.kill('SIGINT'),
    kill: () => child.kill('SIGKILL'),
    finished: new Promise((done) =>
      child.on('close', (status, signal) => done({ status, signal, stdout, stderr })),
    ),
  };
}

/** A folder that goes when the test ends. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ringbed-e2e-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A small scenario in a folder of its own; `more` is YAML appended to it. */
export function scenario(more = '', { duration = '5ms' }: { duration?: string | null } = {}): string {
  const path = join(folder(), 'small.yaml');
  writeFileSync(
    path,
    `name: small
seed: 7
${duration === null ? '' : `duration: ${duration}\n`}traffic:
  - name: feed
    to: 10.0.0.2:8080
    payload: { kind: nanonet.market_data, symbol: AAPL, price: { uniform: [9900, 10100] } }
    rate: { poisson: 200kpps }
device:
  kind: nanonet
  target: 10.0.0.2:8080
${more}`,
  );
  return path;
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error('it never happened');
    await new Promise((done) => setTimeout(done, 20));
  }
}
