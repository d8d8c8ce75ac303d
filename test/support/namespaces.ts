// Network namespaces for live tests. Each is held by a process of its own, so that it and every link in it
// vanish with that process, however the test ends; nothing gets a name in /var/run/netns.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Why namespaces, or a program that a test needs, are not to be had; undefined when all is there. */
export function whyNoNamespaces(programs: readonly string[]): string | undefined {
  for (const program of programs) {
    try {
      execFileSync('which', [program], { stdio: 'ignore' });
    } catch {
      return `${program} is not installed`;
    }
  }
  try {
    execFileSync(
      'unshare',
      ['--net', 'ip', 'link', 'add', 'rbtest1', 'type', 'veth', 'peer', 'name', 'rbtest2'],
      {
        stdio: 'pipe',
      },
    );
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    return `no network namespace with a veth can be made: ${stderr?.toString().trim() ?? error}`;
  }
  return undefined;
}

// A holder that outlives its test by mistake ends by itself.
const lifetimeSeconds = 600;

export class Namespace {
  #holder: ChildProcess | undefined;
  #children: ChildProcess[] = [];

  async start(): Promise<void> {
    const script = `echo ready; exec sleep ${lifetimeSeconds}`;
    this.#holder = await ready('unshare', ['--net', 'sh', '-c', script], /ready/);
  }

  get pid(): number {
    const pid = this.#holder?.pid;
    if (pid === undefined) throw new Error('the namespace was not started');
    return pid;
  }

  /** Runs a program to its end; its standard error is in the error if it fails. */
  run(...command: string[]): void {
    execFileSync('nsenter', this.#inside(command), { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  }

  /** Starts a program that prints "ready" and ends with its standard input. */
  async serve(...command: string[]): Promise<void> {
    this.#children.push(await ready('nsenter', this.#inside(command), /ready/));
  }

  /** Captures on a device with tcpdump until stop(). */
  async capture(device: string, file: string, ...options: string[]): Promise<{ stop(): Promise<void> }> {
    const command = [
      'tcpdump',
      '-i',
      device,
      '-w',
      file,
      '-U',
      '--immediate-mode',
      '-B',
      '16384',
      '-Z',
      'root',
      ...options,
    ];
    const child = await ready('nsenter', this.#inside(command), /listening on/);
    this.#children.push(child);
    return {
      stop: async () => {
        await new Promise((resolve) => setTimeout(resolve, 500)); // what is in the kernel's buffer
        child.kill('SIGINT');
        await once(child, 'exit');
      },
    };
  }

  stop(): void {
    for (const child of this.#children) {
      child.stdin?.end();
      child.kill();
    }
    this.#holder?.kill();
  }

  #inside(command: string[]): string[] {
    return [`--net=/proc/${this.pid}/ns/net`, ...command];
  }
}

/** A veth pair with both ends in the namespace, up and silent; `end`: more of `ip link add`, for each end. */
export function pair(space: Namespace, left: string, right: string, ...end: string[]): void {
  space.run('ip', 'link', 'add', left, ...end, 'type', 'veth', 'peer', 'name', right, ...end);
  for (const name of [left, right]) {
    space.run('ip', 'link', 'set', name, 'addrgenmode', 'none');
    space.run('ip', 'link', 'set', name, 'up');
  }
}

/** A veth pair with one end in each namespace. */
export async function cable(a: Namespace, aDevice: string, b: Namespace, bDevice: string): Promise<void> {
  const peer = ['peer', 'name', bDevice, 'netns', String(b.pid)];
  a.run('ip', 'link', 'add', aDevice, 'type', 'veth', ...peer);
}

async function ready(program: string, args: string[], sign: RegExp): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      output += chunk.toString();
      if (sign.test(output)) resolve();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`${program} ${args.join(' ')} ended (${code}): ${output}`)),
    );
  });
  return child;
}
