// Scenarios on a real veth pair with real AF_XDP sockets. At rates at which nothing is dropped, whatever the
// device does must be what it does in the simulator, for the same seed. Nothing here depends on how fast or
// how quiet the machine is.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main, ringbed, root, scenario, start, until } from '../e2e/cli.js';
import { functional, gentle, missingHere, type Report, report } from '../support/live-report.js';

const missing = missingHere(['ip', 'unshare', 'setpriv']);

describe.skipIf(missing !== undefined)('ringbed run --on veth', () => {
  const scenarios = readdirSync(join(root, 'scenarios')).filter((name) => name.endsWith('.yaml'));

  // 3,000 frames of each; rates of millions a second are sent as fast as the machine can.
  it.each(scenarios)('%s is conserved', (name) => {
    const path = join(root, 'scenarios', name);
    const live = report(path, 'veth', '--set', 'packets=3000', ...gentle);
    expect(live.world.kind).toBe('veth');
    expect(live.conserved).toBe(true);
    expect(live.packets.offered).toBe(3000);
    expect(live.packets.received).toBeGreaterThan(0);
    expect(live.latency.response?.count).toBe(live.packets.responses);
  });

  const slow = [...gentle, '--set', 'packets=2000'];
  it.each([
    ['nanonet-multicast.yaml', 'traffic.feed.rate=10kpps'],
    ['nanonet-unicast.yaml', 'traffic.feed.rate=10kpps'],
    ['nanonet-tcp.yaml', 'traffic.sessions.rate=10kpps'],
    ['syn-flood.yaml', 'traffic.flood.rate=10kpps'],
    ['jumbo.yaml', 'traffic.bulk.rate=2kpps'],
    ['microburst.yaml', 'traffic.bursts.rate=10kpps'],
    ['gc-pause.yaml', 'traffic.feed.rate=10kpps'],
    ['pool-exhaustion.yaml', 'traffic.feed.rate=10kpps'],
    ['capture-replay.yaml', 'seed=42'],
  ])('%s at a low rate does what the simulator does', (name, rate) => {
    const path = join(root, 'scenarios', name);
    const live = report(path, 'veth', ...slow, '--set', rate);
    const sim = report(path, 'sim', ...slow, '--set', rate);
    expect(sim.drops).toEqual([]);
    expect(functional(live)).toEqual(functional(sim));
  });

  it('loses, doubles and damages the frames that the simulated link does', () => {
    const path = scenario('link: { loss: 0.05, corrupt: 0.02, duplicate: 0.03 }\n', { duration: '200ms' });
    const set = [...gentle, '--set', 'traffic.feed.rate=10kpps'];
    const live = report(path, 'veth', ...set);
    const sim = report(path, 'sim', ...set);
    const lost = (run: Report) => run.drops.filter(({ stage }) => stage === 'link' || stage === 'nic');
    expect(lost(live)).toEqual(lost(sim));
    expect(live.packets.duplicated).toBeGreaterThan(0);
    expect(live.conserved).toBe(true);
  });

  it('spreads frames over queues and cores as the simulator does', () => {
    const path = scenario('nic: { queues: 4 }\ncore: { count: 2 }\n', { duration: '200ms' });
    const set = [...gentle, '--set', 'traffic.feed.rate=10kpps', '--set', 'traffic.feed.flows=64'];
    const live = report(path, 'veth', ...set);
    const sim = report(path, 'sim', ...set);
    expect(functional(live)).toEqual(functional(sim));
  });

  // veth wants a program that could take frames in pieces from 3,507 on; ringbed's frames take 3,840.
  it.each([
    ['device.xdp.mode=native'],
    ['generator.engine=kernel'],
    ['generator.engine=kernel', 'device.port=packet'],
  ])('has native XDP at any MTU: %s %s', (...sets) => {
    const path = scenario('link: { mtu: 3600 }\n', { duration: '50ms' });
    const flags = sets.filter((set) => set !== undefined).flatMap((set) => ['--set', set]);
    const run = ringbed(['run', path, '--on', 'veth', '--json', '--quiet', ...gentle, ...flags]);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const { conserved, packets } = JSON.parse(run.stdout);
    expect({ conserved, received: packets.received }).toEqual({ conserved: true, received: packets.offered });
  });

  it('knows frames again that others have overtaken, because GRO gathers each flow', () => {
    const path = scenario('', { duration: null });
    const sets = [
      'packets=2000',
      'generator.engine=kernel',
      'device.port=socket',
      'device.socket.gro=true',
      'traffic.feed.flows=8',
      'traffic.feed.rate={burst: {rate: 200kpps, on: 1ms, off: 9ms}}',
    ].flatMap((set) => ['--set', set]);
    const run = ringbed(['run', path, '--on', 'veth', '--json', '--quiet', ...sets]);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const { conserved, packets } = JSON.parse(run.stdout);
    expect({ conserved, offered: packets.offered }).toEqual({ conserved: true, offered: 2000 });
  });

  it('refuses to redirect frames to where they would vanish', () => {
    const path = scenario('', { duration: '50ms' });
    const sets = ['--set', 'generator.engine=kernel', '--set', 'device.xdp.mode=generic'];
    const run = ringbed(['run', path, '--on', 'veth', ...sets]);
    expect(run.status).toBe(4);
    expect(run.stderr).toMatch(/receives nothing of the engine `kernel`.*\n.*device\.xdp\.mode: native/);
  });

  it('refuses a device port that is no interface', () => {
    const run = ringbed(['run', scenario(), '--on', 'veth', '--set', 'device.port=loopback', '--quiet']);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/loopback.*\n.*packet, socket, xdp/);
  });

  it('acts out a pause of the core, and accounts for what it loses', () => {
    const path = scenario('faults: [{ at: 50ms, pause: { core: 0, for: 60ms } }]\n', { duration: '150ms' });
    const live = report(path, 'veth', '--set', 'nic.rxDescriptors=64');
    expect(live.conserved).toBe(true);
    expect(live.drops.find(({ reason }) => reason === 'rx_ring_full')?.count).toBeGreaterThan(1000);
  });

  it('two runs at once do not disturb each other', async () => {
    const path = scenario('', { duration: '300ms' });
    const args = ['run', path, '--on', 'veth', '--json', '--quiet', '--set', 'traffic.feed.rate=5kpps'];
    const runs = await Promise.all([1, 2].map(() => start([...args, ...gentle]).finished));
    const [first, second] = runs.map(({ stdout }) => JSON.parse(stdout) as Report);
    expect(first?.conserved).toBe(true);
    expect(functional(first as Report)).toEqual(functional(second as Report));
  });

  it('Ctrl-C ends it cleanly', async () => {
    const run = start(['run', scenario('', { duration: '60s' }), '--on', 'veth', '--json']);
    await until(() => run.stderr().includes('started'));
    await new Promise((done) => setTimeout(done, 1000));
    run.interrupt();
    const { stdout, status } = await run.finished;
    expect(status).toBe(130);
    const cut = JSON.parse(stdout) as Report;
    expect(cut).toMatchObject({ interrupted: true, conserved: true });
    expect(cut.packets.offered).toBeGreaterThan(0);
  });

  // What waits in a veth that goes down is thrown away uncounted; so is what a redirection hands to it.
  it.each([
    ['xdp', 'generator'],
    ['xdp', 'device'],
    ['kernel', 'generator'],
    ['kernel', 'device'],
  ])('balances with engine %s when the %s end goes down and comes back', async (engine, end) => {
    const path = scenario('', { duration: '60s' });
    const fast = ['--set', 'traffic.feed.rate=100kpps', '--set', `generator.engine=${engine}`];
    const run = start(['run', path, '--on', 'veth', '--json', ...gentle, ...fast]);
    await until(() => endsOf(run.pid).length === 2);
    const found = endsOf(run.pid).find(({ name }) => name.endsWith(end === 'generator' ? 'a' : 'b'));
    const link = (...words: string[]) =>
      execFileSync('nsenter', [found?.net ?? '', 'ip', ...words, found?.name ?? ''], { encoding: 'utf8' });
    await until(() => {
      const [{ stats64 }] = JSON.parse(link('-s', '-j', 'link', 'show'));
      return stats64.tx.packets + stats64.rx.packets > 10_000;
    });
    // Once is not enough: on a machine that others use nothing may be on its way at that moment.
    for (let times = 0; times < 8; ++times) {
      link('link', 'set', 'down', 'dev');
      await new Promise((done) => setTimeout(done, 50));
      link('link', 'set', 'up', 'dev');
      await new Promise((done) => setTimeout(done, 100));
    }
    run.interrupt();
    const { conserved, drops } = JSON.parse((await run.finished).stdout) as Report;
    expect(conserved).toBe(true);
    expect(drops.filter(({ stage }) => stage.endsWith('link'))).not.toEqual([]);
  });

  it('leaves nothing behind, even after kill -9, and the next run works', async () => {
    const args = [main, 'run', scenario('', { duration: '60s' }), '--on', 'veth', '--quiet'];
    const before = namespacesOfMachine();
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    await until(() => endsOf(child.pid as number).length > 0 || child.exitCode !== null);
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    await new Promise((done) => child.once('exit', done));
    await until(() => namespacesOfMachine() <= before);
    expect(execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' })).not.toMatch(/: rb\d/);
    expect(report(scenario(), 'veth').conserved).toBe(true);
  });

  it('without privileges says which one is missing, and ends with 4', () => {
    const command = ['--bounding-set=-all', '--inh-caps=-all', '--', process.execPath, main];
    const args = [...command, 'run', scenario(), '--on', 'veth'];
    let status = 0;
    let stderr = '';
    try {
      execFileSync('setpriv', args, { stdio: 'pipe', env: { ...process.env, NO_COLOR: '1' } });
    } catch (error) {
      ({ status, stderr } = error as { status: number; stderr: string });
    }
    expect({ status, stderr: String(stderr) }).toMatchObject({
      status: 4,
      stderr: expect.stringMatching(/CAP_SYS_ADMIN/),
    });
  });
});

/** How many network namespaces processes of this machine are in or hold open. */
function namespacesOfMachine(): number {
  const lines = execFileSync('lsns', ['--type', 'net', '--noheadings', '--output', 'NS'], {
    encoding: 'utf8',
  });
  return new Set(lines.trim().split('\n')).size;
}

/** The ends of a run's veth pair, with the words by which nsenter comes to them. */
function endsOf(pid: number): { net: string; name: string }[] {
  const ends = new Map<string, string>();
  let descriptors: string[] = [];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    // It has ended.
  }
  for (const descriptor of descriptors) {
    try {
      const net = `--net=/proc/${pid}/fd/${descriptor}`;
      const out = execFileSync('nsenter', [net, 'ip', '-o', 'link'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      for (const [, name] of out.matchAll(/^\d+: (rb\w+)/gm)) ends.set(name as string, net);
    } catch {
      // Not a namespace.
    }
  }
  return [...ends].map(([name, net]) => ({ net, name }));
}
