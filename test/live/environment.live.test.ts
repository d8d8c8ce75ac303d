// What a machine may lack, each provoked for real: the error names the cause and the remedy, and the exit
// status is 4. And a user who is not root, with just the capabilities that are needed.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main, root, scenario } from '../e2e/cli.js';
import { LiveBench } from '../support/live-run.js';
import { Namespace, pair, whyNoNamespaces } from '../support/namespaces.js';

const missing = whyNoNamespaces(['ip', 'unshare', 'nsenter', 'setpriv', 'prlimit']);
if (missing !== undefined) {
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests of what a machine may lack skipped: ${missing}`);
}

describe.skipIf(missing !== undefined)('a machine that lacks something', () => {
  const space = new Namespace();
  let bench: LiveBench;

  beforeAll(async () => {
    await space.start();
    bench = new LiveBench(space);
    pair(space, 'left', 'right');
    pair(space, 'idle', 'other');
  });
  afterAll(() => {
    bench?.stop();
    space.stop();
  });

  /** `ringbed ARGS` as root without some capabilities. */
  function without(capabilities: string, ...args: string[]) {
    const less = capabilities
      .split(',')
      .map((name) => `-${name}`)
      .join(',');
    return bench.exec(
      'setpriv',
      `--bounding-set=${less}`,
      `--inh-caps=${less}`,
      '--',
      process.execPath,
      main,
      ...args,
    );
  }

  it.each([
    ['net_raw', 'nic:right', /world nic needs CAP_NET_RAW, which/],
    ['net_admin', 'nic:right', /world nic needs CAP_NET_ADMIN, which/],
    ['bpf,sys_admin', 'nic:right', /world nic needs CAP_BPF, which/],
    ['sys_admin', 'veth', /world veth needs CAP_SYS_ADMIN, which/],
    ['net_raw,net_admin', 'veth', /world veth needs CAP_NET_ADMIN and CAP_NET_RAW, which/],
  ])('the privileges %s for %s', (lacking, on, message) => {
    const run = without(lacking, 'run', scenario(), '--on', on, '--quiet');
    expect(run.stderr).toMatch(message);
    expect(run.stderr).toMatch(/setcap cap_net_admin,cap_net_raw,cap_bpf/);
    expect(run).toMatchObject({ status: 4, stdout: '' });
  });

  it('privileges: only what loads a program into the kernel needs CAP_BPF', () => {
    const ports = ['--set', 'device.port=packet', '--set', 'generator.engine=packet', '--set', 'packets=100'];
    const run = without(
      'bpf,sys_admin',
      ...['run', scenario(), '--on', 'nic:left,right', '--quiet', '--json'],
      ...ports,
    );
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toMatchObject({
      conserved: true,
      packets: { offered: 100, received: 100 },
    });
  });

  interface Finding {
    name: string;
    available: boolean;
    text: string;
    hint: string;
  }

  it('privileges: doctor says which this process has', () => {
    const found = (run: { stdout: string }): Record<string, boolean> =>
      Object.fromEntries(
        JSON.parse(run.stdout).machine.map(({ name, available }: Finding) => [name, available]),
      );
    const all = found(bench.ringbed('doctor', '--json'));
    expect(all).toMatchObject({ CAP_NET_ADMIN: true, CAP_NET_RAW: true, CAP_BPF: true, CAP_SYS_ADMIN: true });
    const less = found(without('net_raw,bpf,sys_admin', 'doctor', '--json'));
    expect(less).toEqual({ ...all, CAP_NET_RAW: false, CAP_BPF: false, CAP_SYS_ADMIN: false });
    const text = without('net_raw', 'doctor').stdout;
    expect(text).toMatch(/CAP_NET_RAW +✗/);
    expect(text).toMatch(/CAP_NET_RAW: .*cap_net_raw/);
    expect(text).toMatch(/libbpf +[✓✗]/);
    expect(text).toMatch(/kernel types +[✓✗]/);
  });

  it('locked memory: doctor says how much there is', () => {
    const less = ['setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock', '--'];
    const limit = ['prlimit', '--memlock=65536:65536'];
    const { stdout } = bench.exec(...limit, ...less, process.execPath, main, 'doctor');
    expect(stdout).toMatch(/locked memory +✗ +64 KiB at most: too little/);
    expect(stdout).toMatch(/ulimit -l unlimited/);
  });

  it('locked memory', () => {
    const less = ['setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock', '--'];
    const run = bench.exec(
      'prlimit',
      '--memlock=65536:65536',
      ...less,
      process.execPath,
      main,
      'run',
      scenario(),
      '--on',
      'veth',
      '--quiet',
    );
    expect(run.stderr).toMatch(/cannot register \d+ bytes with AF_XDP.*\n.*ulimit -l/);
    expect(run).toMatchObject({ status: 4, stdout: '' });
  });

  it('queues', () => {
    const run = bench.ringbed('run', scenario('nic: { queues: 64 }\n'), '--on', 'nic:right', '--quiet');
    expect(run.stderr).toMatch(/interface right can have \d channels, the scenario wants 64 queues/);
    expect(run).toMatchObject({ status: 4, stdout: '' });
  });

  it('anybody behind a tap', () => {
    space.run('ip', 'tuntap', 'add', 'tapped', 'mode', 'tap');
    space.run('ip', 'link', 'set', 'tapped', 'up');
    const on = ['--on', 'nic:tapped', '--allow-interface', 'tapped', '--quiet'];
    const run = bench.ringbed('run', scenario(), ...on);
    expect(run.stderr).toMatch(
      /interface tapped has no queues: no program serves it\n {2}hint: start the one/,
    );
    expect(run).toMatchObject({ status: 4, stdout: '' });
  });

  it('a way from one interface to the other: the report says that nothing arrived', () => {
    const path = scenario('', { duration: '30ms' });
    const run = bench.ringbed('run', path, '--on', 'nic:left,other', '--json', '--quiet');
    const { conserved, packets, notes, drops } = JSON.parse(run.stdout);
    expect(conserved).toBe(true);
    expect(packets.received).toBe(0);
    expect(drops).toEqual([{ stage: 'link', reason: 'link_loss', count: packets.offered }]);
    expect(notes.join()).toMatch(/none of [\d]+ frames reached the device's interface/);
  });

  it('anybody who sends: the report says that nothing came', () => {
    const path = scenario('', { duration: '30ms' });
    const run = bench.ringbed('run', path, '--on', 'nic:right', '--json', '--quiet');
    expect(JSON.parse(run.stdout)).toMatchObject({ conserved: true, packets: { received: 0 } });
    expect(JSON.parse(run.stdout).notes.join()).toMatch(/is anything sending to it/);
  });

  it('native XDP in the driver: the report says that frames take the slow way', () => {
    space.run('ip', 'link', 'add', 'dull', 'type', 'bridge');
    space.run('ip', 'link', 'set', 'dull', 'up');
    const run = bench.ringbed(
      'run',
      scenario('', { duration: '30ms' }),
      '--on',
      'nic:dull',
      '--allow-interface',
      'dull',
      '--json',
      '--quiet',
    );
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(run.stdout).notes.join()).toMatch(/dull has no native XDP.*generic mode/);
    const { nics } = JSON.parse(bench.ringbed('nic', 'list', '--json').stdout);
    const dull = nics.find(({ name }: { name: string }) => name === 'dull');
    if (dull.xdp !== null) expect(dull.xdp.native).toBe(false);
  });

  it('the right address: the report says that the filter refused everything', () => {
    const path = scenario('', { duration: '30ms' });
    const set = ['--set', 'traffic.feed.to={ ip: 10.0.0.2, port: 8080, mac: "02:00:00:00:00:99" }'];
    const run = bench.ringbed('run', path, '--on', 'nic:left,right', '--json', '--quiet', ...set);
    const { packets, notes } = JSON.parse(run.stdout);
    expect(packets.received).toBe(0);
    expect(notes.join()).toMatch(/address filter refused every frame .*device.address/);
  });

  describe('but root', () => {
    // What a package is made of, where everybody may read it.
    const copy = mkdtempSync(join(tmpdir(), 'ringbed-copy-'));
    beforeAll(() => {
      bench.exec('chmod', '755', copy, bench.home);
      bench.exec('chmod', '777', bench.home);
      for (const part of ['dist', 'generated', 'scenarios', 'package.json', 'build/Release/ringbed.node']) {
        mkdirSync(join(copy, part, '..'), { recursive: true });
        cpSync(join(root, part), join(copy, part), { recursive: true });
      }
      bench.exec('chmod', '-R', 'a+rX', copy);
    });
    afterAll(() => rmSync(copy, { recursive: true, force: true }));

    it.each([
      ['veth', 'net_admin,net_raw,bpf,sys_admin'],
      ['nic:left,right', 'net_admin,net_raw,bpf'],
    ])('runs on %s with %s', (on, capabilities) => {
      const set = capabilities
        .split(',')
        .map((name) => `+${name}`)
        .join(',');
      const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
      const run = bench.exec(
        'setpriv',
        ...nobody,
        `--inh-caps=${set}`,
        `--ambient-caps=${set}`,
        '--',
        process.execPath,
        join(copy, 'dist/cli/main.js'),
        'run',
        join(copy, 'scenarios/nanonet-multicast.yaml'),
        '--on',
        on,
        '--set',
        'packets=500',
        '--set',
        'traffic.feed.rate=10kpps',
        '--set',
        // A user's locked memory is 8 MiB by default, and both ends' frames lie in it.
        'nic.rxDescriptors=512',
        '--json',
        '--quiet',
      );
      expect(run.stderr).toBe('');
      expect(JSON.parse(run.stdout)).toMatchObject({
        conserved: true,
        packets: { offered: 500, received: 500 },
      });
    });
  });
});
