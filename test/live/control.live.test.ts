// `ringbed ctl` and `--serve-metrics` on a device that serves what comes from outside: what they say is held
// against what tcpreplay has sent, and the report at the end against all of it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { folder, ringbed, root, scenario } from '../e2e/cli.js';
import { LiveBench, type LiveRun } from '../support/live-run.js';
import { Namespace, pair, whyNoNamespaces } from '../support/namespaces.js';

const missing =
  whyNoNamespaces(['ip', 'unshare', 'nsenter', 'tcpreplay']) ??
  (existsSync('/usr/lib/python3/dist-packages/prometheus_client')
    ? undefined
    : 'python3-prometheus-client is not installed');
if (missing !== undefined) {
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests of control skipped: ${missing}`);
}

const frames = 200;
// Debian's own: another one may be first in PATH, and have no modules.
const python = '/usr/bin/python3';

describe.skipIf(missing !== undefined)('a running device', () => {
  const space = new Namespace();
  let bench: LiveBench;

  beforeAll(async () => {
    await space.start();
    bench = new LiveBench(space);
    space.run('ip', 'link', 'set', 'lo', 'up');
    pair(space, 'left', 'right');
  });
  afterEach(() => bench.endAll());
  afterAll(() => {
    bench?.stop();
    space.stop();
  });

  function capture(path: string): string {
    const file = join(folder(), 'feed.pcap');
    const generated = ringbed(['gen', path, '--set', `packets=${frames}`, '--out', file]);
    expect(generated.status, generated.stderr).toBe(0);
    return file;
  }

  /** `ringbed ctl WORDS`, from another network namespace than the run's. */
  const ctl = (run: LiveRun, ...words: string[]) =>
    ringbed(['ctl', ...words, '--run', String(run.child.pid)], { env: { XDG_RUNTIME_DIR: bench.home } });

  /** Sends the capture and waits until the device has seen it. */
  async function send(file: string, run: LiveRun): Promise<void> {
    const before = (await run.ask('stats')).stats.received;
    space.run('tcpreplay', '--intf1=left', '--pps=5000', file);
    await run.until(async () => (await run.ask('stats')).stats.received >= before + frames);
  }

  async function serving(path: string, ...more: string[]): Promise<LiveRun> {
    const run = bench.start('run', path, '--on', 'nic:right', '--set', 'duration=600s', ...more);
    await run.obeys();
    return run;
  }

  it('answers, obeys, is measured, and its books balance in the end', async () => {
    const path = scenario('nic: { rxDescriptors: 8192 }\n', { duration: null });
    const file = capture(path);
    const sim = JSON.parse(ringbed(['run', path, '--set', `packets=${frames}`, '--json', '--quiet']).stdout);
    const run = await serving(path, '--serve-metrics', '0', '--json');
    expect(JSON.parse(ctl(run, 'status', '--json').stdout)).toMatchObject({
      schema: 'ringbed.ctl/1',
      command: 'status',
      enabled: true,
      cores: 1,
      target: { ip: '10.0.0.2', port: 8080, protocol: 'udp', groups: [] },
      pool: { size: 256, inUse: 0 },
    });

    await send(file, run);
    const first = (await run.ask('stats')).stats;
    expect(first).toMatchObject({ received: frames, processed: frames, responded: sim.packets.responded });
    expect(first.processingNs.count).toBe(frames);

    await run.until(() => run.stderr().includes('/metrics\n'));
    const scraped = scrape(run);
    expect(scraped).toMatchObject({
      ringbed_received_total: frames,
      ringbed_responded_total: sim.packets.responded,
      'ringbed_core_received_total{core=0}': frames,
      'ringbed_ring_size{ring=rx0}': 8192,
      ringbed_pool_size: 256,
    });

    await run.ask('reset');
    expect((await run.ask('stats')).stats).toMatchObject({
      received: 0,
      responded: 0,
      processingNs: { count: 0 },
    });
    await run.ask('disable');
    expect((await run.ask('status')).enabled).toBe(false);
    await send(file, run);
    expect((await run.ask('stats')).stats).toMatchObject({
      received: frames,
      bypassed: frames,
      responded: 0,
    });
    await run.ask('enable');

    expect((await run.ask('config', '10.0.0.2', '9999', 'udp')).target.port).toBe(9999);
    await send(file, run);
    expect((await run.ask('stats')).stats).toMatchObject({ bypassed: 2 * frames });
    const { target } = await run.ask('config', '10.0.0.2', '8080', 'udp', 'multicast', '239.1.2.3');
    expect(target).toMatchObject({ port: 8080, groups: ['239.1.2.3'] });
    expect(bench.exec('ip', 'maddr', 'show', 'dev', 'right').stdout).toMatch(/01:00:5e:01:02:03/);
    await send(file, run);
    expect((await run.ask('stats')).stats).toMatchObject({ responded: sim.packets.responded });
    // A group and TCP do not go together: refused, and nothing has changed.
    const refused = ctl(run, 'config', '10.0.0.2', '8080', 'tcp', 'multicast', '239.1.2.3');
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringMatching(/group/) });
    expect((await run.ask('config', '10.0.0.2', '8080', 'udp')).target.groups).toEqual([]);
    expect(bench.exec('ip', 'maddr', 'show', 'dev', 'right').stdout).not.toMatch(/01:00:5e:01:02:03/);

    expect(ctl(run, 'stats').stdout).toMatch(/bypassed/);
    const { status, stdout } = await run.interrupt();
    expect(status).toBe(130);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      conserved: true,
      packets: {
        received: 4 * frames,
        bypassed: 2 * frames,
        processed: 2 * frames,
        responded: 2 * sim.packets.responded,
      },
    });
    // The stages too, although the device was reset in between.
    expect(report.stages.find(({ name }: { name: string }) => name === 'parse').in).toBe(4 * frames);
    expect(bench.leftovers()).toEqual([]);
    expect(ctl(run, 'status')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no run of process \d+ is alive/),
    });
  });

  it('tracks connections that can be cleared', async () => {
    const file = join(folder(), 'tcp.pcap');
    const tcp = join(root, 'scenarios/nanonet-tcp.yaml');
    const open = ['--set', 'traffic.sessions.tcp.close=none'];
    expect(ringbed(['gen', tcp, ...open, '--set', `packets=${frames}`, '--out', file]).status).toBe(0);
    const run = await serving(tcp, '--set', 'nic.rxDescriptors=8192', '--json');
    await send(file, run);
    const before = (await run.ask('stats')).connections.active;
    expect(before).toBeGreaterThan(0);
    expect(await run.ask('clear-connections')).toMatchObject({ cleared: before, connections: { active: 0 } });
    const { stdout } = await run.interrupt();
    expect(JSON.parse(stdout)).toMatchObject({
      conserved: true,
      connections: { active: 0, cleared: before },
    });
  });

  it('obeys on every core while traffic flows', async () => {
    const path = scenario('nic: { queues: 2, rxDescriptors: 4096 }\ncore: { count: 2 }\n', {
      duration: '60s',
    });
    const run = bench.start(
      'run',
      path,
      '--on',
      'veth',
      '--json',
      '--set',
      'traffic.feed.rate=5kpps',
      '--set',
      'traffic.feed.flows=64',
    );
    await run.obeys();
    await run.until(async () => (await run.ask('stats')).stats.received > 100);
    expect((await run.ask('stats')).cores).toBe(2);
    await run.ask('disable');
    await run.ask('reset');
    await run.until(async () => (await run.ask('stats')).stats.bypassed > 100);
    expect((await run.ask('stats')).stats.processed).toBe(0);
    const { status, stdout } = await run.interrupt();
    expect(status).toBe(130);
    const report = JSON.parse(stdout);
    expect(report.conserved).toBe(true);
    expect(report.packets.bypassed).toBeGreaterThan(100);
    expect(report.packets.processed).toBeGreaterThan(100);
    expect(report.cores.map(({ cpu }: { cpu: number }) => typeof cpu)).toEqual(['number', 'number']);
  });

  it('on kernel sockets keeps its target, and says so', async () => {
    const run = bench.start(
      'run',
      scenario('', { duration: '60s' }),
      '--on',
      'veth',
      '--set',
      'device.port=socket',
    );
    await run.obeys();
    const refused = ctl(run, 'config', '239.1.1.1', '9090', 'udp', 'multicast', '239.1.1.1');
    expect(refused.status).toBe(4);
    expect(refused.stderr).toMatch(/device\.port: socket.* keeps the target/);
    await run.interrupt();
  });

  it('says why a simulated one obeys nobody', async () => {
    const run = bench.start('run', scenario('', { duration: '10h' }), '--json');
    await run.until(() => bench.leftovers().some((name) => /^\d+$/.test(name)));
    await run.until(async () => !/not started/.test(String(await run.ask('status').catch(String))));
    const refused = ctl(run, 'disable');
    expect(refused).toMatchObject({ status: 4, stderr: expect.stringMatching(/simulated.*\n.*--on veth/) });
    await run.interrupt();
  });

  it('whose process was killed is swept away by the next one', async () => {
    const path = scenario('', { duration: '600s' });
    const run = bench.start('run', path, '--on', 'nic:right', '--quiet');
    await run.until(() => bench.leftovers().some((name) => /^\d+$/.test(name)));
    run.child.kill('SIGKILL');
    await run.ended;
    expect(bench.leftovers().length).toBe(1);
    const next = bench.ringbed('run', path, '--on', 'nic:right', '--quiet', '--set', 'duration=20ms');
    expect(next).toMatchObject({ status: 0 });
    expect(bench.leftovers()).toEqual([]);
  });

  it('does not start when the port for its metrics is taken', async () => {
    const server = bench.startProgram(
      'python3',
      '-c',
      'import socket,time; s=socket.create_server(("127.0.0.1",9477)); print(1,file=__import__("sys").stderr,flush=True); time.sleep(60)',
    );
    await server.until(() => server.stderr() !== '');
    const run = bench.ringbed('run', scenario(), '--serve-metrics', '9477', '--quiet');
    expect(run).toMatchObject({ status: 4, stdout: '', stderr: expect.stringMatching(/the port is taken/) });
    server.child.kill();
  });

  /** Scrapes as Prometheus does, with its own parser: {name{labels}: value}. */
  function scrape(run: LiveRun): Record<string, number> {
    const url = /http:\/\/\S+/.exec(run.stderr())?.[0] ?? '';
    const done = bench.exec(python, join(import.meta.dirname, 'scrape.py'), url);
    if (done.status !== 0) throw new Error(done.stderr);
    return JSON.parse(done.stdout);
  }
});
