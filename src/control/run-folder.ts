// Where a running ringbed can be found: a folder of its own, BASE/PID, with its control socket. BASE is
// private to the user (mode 0700). A folder is made under a hidden name and gets its own when the socket
// in it answers, so that one whose socket refuses belongs to a process that has died, and is swept away.
import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RingbedError } from '../errors/index.js';
import { isAnswered } from '../run/index.js';

const socketName = 'ctl.sock';
// What sockaddr_un holds, with the NUL.
const longestPath = 107;
// A folder that is being made for longer than this was left by a process that died over it.
const longestMakingMs = 60_000;

/** A run that answers. */
export interface RunFolder {
  pid: number;
  path: string;
}

/** Folders that runs of this user may be in, the one for new runs first. */
export function baseFolders(env: NodeJS.ProcessEnv = process.env): string[] {
  const user = process.getuid?.() ?? 0;
  const places = [
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'ringbed')] : []),
    ...(user === 0 ? ['/run/ringbed'] : [`/run/user/${user}/ringbed`]),
    join(tmpdir(), `ringbed-${user}`),
  ];
  return [...new Set(places)];
}

/** The base folder of this user, made if need be. @throws RingbedError `io` when there is no place for one */
export function ownBase(env: NodeJS.ProcessEnv = process.env): string {
  const problems: string[] = [];
  for (const base of baseFolders(env)) {
    if (Buffer.byteLength(join(base, '.4194304-00000000', socketName)) > longestPath) {
      problems.push(`${base}: too long for a socket`);
      continue;
    }
    try {
      mkdirSync(base, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        problems.push((error as Error).message);
        continue;
      }
    }
    const problem = whyForeign(base);
    if (problem === undefined) return base;
    problems.push(problem);
  }
  throw new RingbedError(
    'io',
    `there is no place for the run's folder:\n${problems.map((line) => `  ${line}`).join('\n')}`,
    'set XDG_RUNTIME_DIR to a folder that only you can write to',
  );
}

// In a folder for everybody somebody else may have been first.
function whyForeign(base: string): string | undefined {
  const found = lstatSync(base, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory()) return `${base}: is no folder`;
  if (found.uid !== process.getuid?.()) return `${base}: belongs to another user`;
  if ((found.mode & 0o077) !== 0) chmodSync(base, 0o700);
  return undefined;
}

/** A folder for this process; `listen` makes its socket. Returns its path, which is the caller's to remove. */
export async function claimFolder(base: string, listen: (socket: string) => Promise<void>): Promise<string> {
  const making = join(base, `.${process.pid}-${randomBytes(4).toString('hex')}`);
  const path = join(base, String(process.pid));
  mkdirSync(making, { mode: 0o700 });
  try {
    await listen(join(making, socketName));
    // One of the same number is of a process that has died.
    rmSync(path, { recursive: true, force: true });
    renameSync(making, path);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
  return path;
}

/** Takes away the folders of processes that have died; returns those that answer. */
export async function sweepFolders(base: string): Promise<RunFolder[]> {
  let names: string[];
  try {
    names = readdirSync(base);
  } catch {
    return [];
  }
  const runs: RunFolder[] = [];
  for (const name of names) {
    const path = join(base, name);
    if (/^\d+$/.test(name)) {
      if (await isAnswered(socketOf(path))) runs.push({ pid: Number(name), path });
      else rmSync(path, { recursive: true, force: true });
    } else if (abandoned(name, path)) {
      rmSync(path, { recursive: true, force: true });
    }
  }
  return runs;
}

// A folder that was being made when its process died.
function abandoned(name: string, path: string): boolean {
  const pid = /^\.(\d+)-[0-9a-f]{8}$/.exec(name)?.[1];
  if (pid === undefined) return false;
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  if (Date.now() - made > longestMakingMs) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** The control socket of a run's folder. */
export function socketOf(folder: string): string {
  return join(folder, socketName);
}

/**
 * The folder of the run that is meant: `which` is a process number or a folder; without it the only run
 * that is alive. @throws RingbedError `usage` when there is none, or more than one
 */
export async function findRun(
  which: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  if (which?.includes('/')) return resolve(which);
  const runs = (await Promise.all(baseFolders(env).map(sweepFolders))).flat();
  if (which !== undefined) {
    const found = runs.find(({ pid }) => String(pid) === which);
    if (found !== undefined) return found.path;
    throw new RingbedError('usage', `no run of process ${which} is alive`, alive(runs));
  }
  if (runs.length === 1) return (runs[0] as RunFolder).path;
  throw new RingbedError(
    'usage',
    runs.length === 0 ? 'no run is alive' : `${runs.length} runs are alive`,
    alive(runs),
  );
}

function alive(runs: readonly RunFolder[]): string {
  return runs.length === 0
    ? 'start one: ringbed run SCENARIO --on nic:IF (or name its folder: --run DIR)'
    : `name one: ${runs.map(({ pid }) => `--run ${pid}`).join(' or ')}`;
}
