// `ringbed` in a network namespace of a test, with a place of its own for run folders, so that tests and
// whatever else runs on this machine do not see each other.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askRun, parseRequest } from '../../src/control/index.js';
import { main, root } from '../e2e/cli.js';
import type { Namespace } from './namespaces.js';

export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export class LiveBench {
  /** XDG_RUNTIME_DIR of everything that is started here. */
  readonly home = mkdtempSync(join(tmpdir(), 'ringbed-live-'));
  readonly #children = new Set<ChildProcess>();

  constructor(readonly space: Namespace) {}

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, NO_COLOR: '1', LANG: 'C.UTF-8', XDG_RUNTIME_DIR: this.home };
  }

  /** A command line that starts in the namespace. */
  inside(...command: string[]): [string, string[]] {
    return ['nsenter', [`--net=/proc/${this.space.pid}/ns/net`, ...command]];
  }

  /** Runs a program in the namespace to its end. */
  exec(...command: string[]): Ended {
    const [program, args] = this.inside(...command);
    const done = spawnSync(program, args, { cwd: root, env: this.env, encoding: 'utf8', timeout: 60_000 });
    return { status: done.status, signal: done.signal, stdout: done.stdout, stderr: done.stderr };
  }

  /** Runs `ringbed ARGS` in the namespace to its end. */
  ringbed(...args: string[]): Ended {
    return this.exec(process.execPath, main, ...args);
  }

  /** Starts `ringbed ARGS` in the namespace and leaves it running. */
  start(...args: string[]): LiveRun {
    return this.startProgram(process.execPath, main, ...args);
  }

  startProgram(...command: string[]): LiveRun {
    const [program, args] = this.inside(...command);
    const child = spawn(program, args, { cwd: root, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return new LiveRun(child, this.home);
  }

  /** What runs have left in their base folder. */
  leftovers(): string[] {
    try {
      return readdirSync(join(this.home, 'ringbed'));
    } catch {
      return [];
    }
  }

  /** Ends what a test that failed has left running. */
  async endAll(): Promise<void> {
    const closed = [...this.#children].map((child) => new Promise((done) => child.once('close', done)));
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(closed);
  }

  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
  }
}

export class LiveRun {
  #stdout = '';
  #stderr = '';
  readonly ended: Promise<Ended>;

  constructor(
    readonly child: ChildProcess,
    private readonly home: string,
  ) {
    child.stdout?.on('data', (data) => {
      this.#stdout += data;
    });
    child.stderr?.on('data', (data) => {
      this.#stderr += data;
    });
    this.ended = new Promise((done) =>
      child.once('close', (status, signal) =>
        done({ status, signal, stdout: this.#stdout, stderr: this.#stderr }),
      ),
    );
  }

  stderr(): string {
    return this.#stderr;
  }

  /** Ctrl-C, and the end. nsenter has become the program: the signal reaches it. */
  interrupt(): Promise<Ended> {
    this.child.kill('SIGINT');
    return this.ended;
  }

  /** What `ringbed ctl WORDS --json` prints, without the cost of a process. nsenter has become the run. */
  // biome-ignore lint/suspicious/noExplicitAny: a JSON document, held against what is expected of it
  async ask(...words: string[]): Promise<any> {
    return askRun(join(this.home, 'ringbed', String(this.child.pid)), parseRequest(words));
  }

  /** Until the device obeys: its program is on the interface and its threads run. */
  async obeys(): Promise<void> {
    await this.until(() =>
      this.ask('status').then(
        () => true,
        () => false,
      ),
    );
  }

  /** Waits until `condition` holds, or fails with what the run said when it ends before. */
  async until(condition: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!(await condition())) {
      if (this.child.exitCode !== null) throw new Error(`the run ended: ${this.#stderr}`);
      if (Date.now() > end) throw new Error(`it never happened: ${this.#stderr}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}
