// World nic, on veth interfaces that the test makes in a namespace of its own: to ringbed they are
// interfaces like any other that the user names.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folder, main, ringbed, root, scenario } from '../e2e/cli.js';
import { Namespace, pair, whyNoNamespaces } from '../support/namespaces.js';

const missing = whyNoNamespaces(['ip', 'unshare', 'nsenter', 'tcpreplay']);
if (missing !== undefined) {
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests of world nic skipped: ${missing}`);
}

const space = new Namespace();

/** Runs `ringbed ARGS` in the test's namespace. */
function inside(...args: string[]) {
  const done = spawnSync('nsenter', [`--net=/proc/${space.pid}/ns/net`, process.execPath, main, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
    encoding: 'utf8',
  });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

const gentle = ['--set', 'nic.rxDescriptors=8192', '--set', 'traffic.feed.rate=5kpps', '--json', '--quiet'];

describe.skipIf(missing !== undefined)('ringbed run --on nic', () => {
  beforeAll(async () => {
    await space.start();
    pair(space, 'left', 'right');
    space.run('ip', 'link', 'add', 'idle', 'type', 'veth', 'peer', 'name', 'other');
    space.run('ip', 'link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'gateway');
    for (const name of ['uplink', 'gateway']) space.run('ip', 'link', 'set', name, 'up');
    space.run('ip', 'addr', 'add', '10.99.0.1/24', 'dev', 'uplink');
    space.run('ip', 'route', 'add', 'default', 'via', '10.99.0.2');
  });
  afterAll(() => space.stop());

  it('two interfaces, one sends and one answers: what the simulator does', () => {
    const path = scenario('', { duration: '200ms' });
    const live = inside('run', path, '--on', 'nic:left,right', ...gentle);
    expect(live).toMatchObject({ status: 0, stderr: '' });
    const { packets, drops, conserved, world } = JSON.parse(live.stdout);
    const sim = JSON.parse(ringbed(['run', path, ...gentle]).stdout);
    expect({ packets, drops, conserved }).toEqual({ packets: sim.packets, drops: [], conserved: true });
    expect(world).toMatchObject({ kind: 'nic', interfaces: ['left', 'right'] });
  });

  // At once they would be in each other's way, on the interfaces and on the processors.
  it('a sweep takes its interfaces one cell after the other', () => {
    const path = scenario('', { duration: '200ms' });
    const ports = inside(
      'sweep',
      path,
      '--on',
      'nic:left,right',
      '--vary',
      'device.port=xdp,packet',
      ...gentle,
    );
    expect(ports).toMatchObject({ status: 0, stderr: '' });
    const sim = JSON.parse(ringbed(['run', path, ...gentle]).stdout);
    const { rows } = JSON.parse(ports.stdout);
    expect(rows).toHaveLength(2);
    for (const { packets } of rows) {
      expect(packets).toMatchObject({ offered: sim.packets.offered, dropped: 0 });
    }
  });

  it('one interface: counts what tcpreplay sends to it, and answers', async () => {
    const path = scenario('', { duration: null });
    const capture = join(folder(), 'feed.pcap');
    const generated = ringbed(['gen', path, '--set', 'packets=500', '--out', capture]);
    expect(generated.status).toBe(0);
    const run = spawn(
      'nsenter',
      [
        `--net=/proc/${space.pid}/ns/net`,
        process.execPath,
        main,
        'run',
        path,
        '--on',
        'nic:right',
        '--set',
        'packets=500',
        '--set',
        'nic.rxDescriptors=8192',
        '--json',
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let stdout = '';
    let stderr = '';
    run.stdout.on('data', (data) => {
      stdout += data;
    });
    run.stderr.on('data', (data) => {
      stderr += data;
    });
    const ended = new Promise((done) => run.once('exit', done));
    // Until the device's program is on the interface nobody is there to count.
    await waitForXdp();
    space.run('tcpreplay', '--intf1=left', '--pps=2000', capture);
    expect(await ended, stderr).toBe(0);
    const sim = JSON.parse(ringbed(['run', path, '--set', 'packets=500', '--json', '--quiet']).stdout);
    const live = JSON.parse(stdout);
    expect(live.conserved).toBe(true);
    expect(live.packets.received).toBe(500);
    expect(live.packets.responded).toBe(sim.packets.responded);
  });

  it.each([
    ['nic:nowhere', 2, /no network interface 'nowhere'/],
    ['nic:left,left', 2, /twice/],
    ['nic:idle', 2, /interface idle is down.*\n.*ip link set dev idle up/],
    ['nic:uplink', 2, /carries a default route.*\n.*--allow-interface uplink/],
    ['nic:left,right,idle', 2, /interfaces/],
  ])('refuses %s', (on, status, message) => {
    const refused = inside('run', scenario(), '--on', on, '--quiet');
    expect(refused.stderr).toMatch(message);
    expect(refused.status).toBe(status);
    expect(refused.stdout).toBe('');
  });

  it('refuses what carries a default route before it asks for anything to be changed on it', () => {
    const jumbo = ['--set', 'link.mtu=9000', '--set', 'nic.bufferBytes=9216'];
    const refused = inside('run', scenario(), '--on', 'nic:uplink', '--quiet', ...jumbo);
    expect(refused.stderr).toMatch(/carries a default route/);
    expect(refused.stderr).not.toMatch(/MTU/);
  });

  it('takes an interface with a default route when the user says so', () => {
    const run = inside(
      'run',
      scenario('', { duration: '50ms' }),
      '--on',
      'nic:uplink',
      '--allow-interface',
      'uplink',
      '--quiet',
    );
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('✓ conserved');
  });

  it('survives a link that goes down and comes back, and books what was lost', async () => {
    const path = scenario('', { duration: '2s' });
    const run = background('run', path, '--on', 'nic:left,right', ...gentle);
    await waitForXdp();
    space.run('ip', 'link', 'set', 'right', 'down');
    await new Promise((done) => setTimeout(done, 200));
    space.run('ip', 'link', 'set', 'right', 'up');
    const { status, stdout, stderr } = await run;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { conserved, drops } = JSON.parse(stdout);
    expect(conserved).toBe(true);
    expect(drops.some(({ stage }: { stage: string }) => stage === 'link')).toBe(true);
  });

  // The kernel asks a packet socket for such frames again and again: none of that is a drop.
  it.each(['generator.engine=packet', 'device.port=packet'])(
    'with %s, too, and sends once what had to wait',
    async (packet) => {
      const path = scenario('', { duration: '2s' });
      const run = background('run', path, '--on', 'nic:left,right', ...gentle, '--set', packet);
      await flowing();
      space.run('ip', 'link', 'set', 'right', 'down');
      await new Promise((done) => setTimeout(done, 200));
      space.run('ip', 'link', 'set', 'right', 'up');
      const { status, stdout, stderr } = await run;
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const { conserved, packets } = JSON.parse(stdout);
      expect(conserved).toBe(true);
      expect(packets.offered).toBeLessThan(2 * 10_000); // 5kpps for two seconds, and neighbour discovery
    },
  );

  it.each(['xdp', 'packet'])(
    'books what the engine %s could not send over a link that stays down, and says that it is',
    async (engine) => {
      const path = scenario('', { duration: '2s' });
      const run = background(
        'run',
        path,
        '--on',
        'nic:left,right',
        ...gentle,
        '--set',
        `generator.engine=${engine}`,
      );
      await flowing();
      space.run('ip', 'link', 'set', 'left', 'down');
      const { status, stdout } = await run;
      space.run('ip', 'link', 'set', 'left', 'up');
      expect(status).toBe(0);
      const { conserved, drops, notes } = JSON.parse(stdout);
      expect(conserved).toBe(true);
      expect(drops.find(({ reason }: { reason: string }) => reason === 'link_down')?.count).toBeGreaterThan(
        0,
      );
      expect(notes.join('\n')).toMatch(/interface of the generator was down/);
      expect(notes.join('\n')).not.toMatch(/lower the streams' rates/);
    },
  );

  it('ends with a clear error when the interface is deleted', async () => {
    space.run('ip', 'link', 'add', 'brief', 'type', 'veth', 'peer', 'name', 'shorter');
    for (const name of ['brief', 'shorter']) space.run('ip', 'link', 'set', name, 'up');
    const path = scenario('', { duration: '60s' });
    const run = background('run', path, '--on', 'nic:brief,shorter', ...gentle);
    await waitForXdp('shorter');
    await new Promise((done) => setTimeout(done, 1000)); // until it sends, except on a very slow machine
    space.run('ip', 'link', 'del', 'brief');
    const { status, stdout, stderr } = await run;
    expect(stderr).toMatch(/interface went away|cannot bind/);
    expect(status).toBe(4);
    expect(stdout).toBe('');
  });

  it('says which program is in the way', async () => {
    const path = scenario('', { duration: '60s' });
    const first = spawn(
      'nsenter',
      [
        `--net=/proc/${space.pid}/ns/net`,
        process.execPath,
        main,
        'run',
        path,
        '--on',
        'nic:right',
        '--quiet',
      ],
      { cwd: root, stdio: 'ignore' },
    );
    const ended = new Promise((done) => first.once('exit', done));
    await waitForXdp();
    const second = inside('run', path, '--on', 'nic:right', '--quiet');
    expect(second.stderr).toMatch(/another XDP program/);
    expect(second.status).toBe(4);
    first.kill('SIGINT');
    await ended;
  });
});

/** Starts `ringbed ARGS` in the test's namespace; ends as inside() does. */
function background(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn('nsenter', [`--net=/proc/${space.pid}/ns/net`, process.execPath, main, ...args], {
    cwd: root,
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
  return new Promise((done) => child.once('close', (status) => done({ status, stdout, stderr })));
}

async function waitForXdp(device = 'right'): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const shown = spawnSync('nsenter', [`--net=/proc/${space.pid}/ns/net`, 'ip', 'link', 'show', device], {
      encoding: 'utf8',
    });
    if (shown.stdout.includes('xdp')) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('no XDP program came to the interface');
}

/** Until some hundred frames have come to `right` since the call. */
async function flowing(): Promise<void> {
  const first = received();
  for (let tries = 0; tries < 200; tries += 1) {
    if (received() > first + 200) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('no frame came to the interface');
}

function received(): number {
  const args = [`--net=/proc/${space.pid}/ns/net`, 'ip', '-s', '-j', 'link', 'show', 'right'];
  return JSON.parse(spawnSync('nsenter', args, { encoding: 'utf8' }).stdout)[0].stats64.rx.packets;
}
