// What a run changes of named interfaces, and that it is as before afterwards: at the end, after Ctrl-C,
// after an error, and after kill -9 once somebody starts the next one.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { scenario } from '../e2e/cli.js';
import { LiveBench, type LiveRun } from '../support/live-run.js';
import { Namespace, pair, whyNoNamespaces } from '../support/namespaces.js';

const missing = whyNoNamespaces(['ip', 'unshare', 'nsenter', 'ethtool']);
if (missing !== undefined) {
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests of settings skipped: ${missing}`);
}

describe.skipIf(missing !== undefined)('the settings of a named interface', () => {
  const space = new Namespace();
  let bench: LiveBench;
  const on = ['--on', 'nic:left,right', '--set', 'nic.queues=2', '--set', 'traffic.feed.rate=1kpps'];

  beforeAll(async () => {
    await space.start();
    bench = new LiveBench(space);
    pair(space, 'left', 'right', 'numrxqueues', '4', 'numtxqueues', '4');
  });
  afterEach(() => bench.endAll());
  afterAll(() => {
    bench?.stop();
    space.stop();
  });
  beforeEach(() => {
    for (const name of ['left', 'right']) bench.exec('ethtool', '-L', name, 'rx', '4', 'tx', '3');
    expect(channels('left')).toEqual(['4', '3']);
    expect(channels('right')).toEqual(['4', '3']);
  });

  /** [rx, tx] as they are now. */
  function channels(name: string): (string | undefined)[] {
    const now = bench.exec('ethtool', '-l', name).stdout.split('Current hardware settings:')[1] ?? '';
    return [/RX:\s+(\d+)/.exec(now)?.[1], /TX:\s+(\d+)/.exec(now)?.[1]];
  }

  function promiscuity(): string | undefined {
    return /promiscuity (\d+)/.exec(bench.exec('ip', '-d', 'link', 'show', 'right').stdout)?.[1];
  }

  async function started(...more: string[]): Promise<LiveRun> {
    const run = bench.start('run', scenario('', { duration: '600s' }), ...on, '--json', ...more);
    await run.obeys();
    return run;
  }

  it('are as the scenario wants them during a run, and as before after it', async () => {
    const run = await started('--set', 'nic.multicastFilter=promiscuous', '--set', 'nic.coalesce.usecs=20');
    expect(channels('left')).toEqual(['2', '2']);
    expect(channels('right')).toEqual(['2', '2']);
    expect(promiscuity()).toBe('1');
    expect(bench.leftovers().filter((name) => name.endsWith('.state'))).toHaveLength(2);
    const { status, stdout } = await run.interrupt();
    expect(status).toBe(130);
    const { conserved, notes } = JSON.parse(stdout);
    expect(conserved).toBe(true);
    expect(notes).toEqual(
      expect.arrayContaining([
        'left: channels set for the run, put back at its end',
        'right: channels set for the run, put back at its end',
        'right: ring sizes not supported by the driver, left alone',
        'right: coalescing not supported by the driver, left alone',
      ]),
    );
    expect(channels('left')).toEqual(['4', '3']);
    expect(channels('right')).toEqual(['4', '3']);
    expect(promiscuity()).toBe('0');
    expect(bench.leftovers()).toEqual([]);
  });

  it('are as before after kill -9, once the next run starts', async () => {
    const run = await started('--set', 'nic.multicastFilter=promiscuous');
    run.child.kill('SIGKILL');
    await run.ended;
    expect(channels('right')).toEqual(['2', '2']);
    const next = bench.ringbed('run', scenario('', { duration: '20ms' }), ...on, '--json', '--quiet');
    expect(next).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(next.stdout).notes).toEqual(
      expect.arrayContaining(['right: settings that a killed run had changed were put back']),
    );
    expect(channels('left')).toEqual(['4', '3']);
    expect(channels('right')).toEqual(['4', '3']);
    expect(promiscuity()).toBe('0');
    expect(bench.leftovers()).toEqual([]);
  });

  it('are told of by doctor and nic list after kill -9, and put back by `ringbed nic restore`', async () => {
    const run = await started();
    expect(bench.ringbed('nic', 'list').stdout).not.toMatch(/killed/);
    run.child.kill('SIGKILL');
    await run.ended;
    const list = bench.ringbed('nic', 'list');
    expect(list.stdout).toMatch(/a killed run has left settings of left changed: `ringbed nic restore`/);
    const { nics } = JSON.parse(bench.ringbed('nic', 'list', '--json').stdout);
    expect(nics).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'left', leftBehind: true }),
        expect.objectContaining({ name: 'right', leftBehind: true }),
      ]),
    );
    expect(bench.ringbed('doctor').stdout).toMatch(/right: a killed run has left .*`ringbed nic restore`/);
    expect(channels('right')).toEqual(['2', '2']);
    const restored = bench.ringbed('nic', 'restore');
    expect(restored).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^(left|right): settings that a killed run had changed were put back/),
    });
    expect(channels('left')).toEqual(['4', '3']);
    expect(channels('right')).toEqual(['4', '3']);
    expect(bench.ringbed('nic', 'restore').stdout).toBe('no run has left anything changed\n');
    expect(bench.ringbed('nic', 'list').stdout).not.toMatch(/killed/);
  });

  it('are as before after a run that failed to start', () => {
    const failed = bench.ringbed('run', scenario(), ...on, '--set', 'device.port=loopback', '--quiet');
    expect(failed.status).toBe(2);
    const many = bench.ringbed('run', scenario(), ...on, '--set', 'nic.queues=5', '--quiet');
    expect(many).toMatchObject({
      status: 4,
      stderr: expect.stringMatching(/can have 4 channels, the scenario wants 5 queues\n.*nic.queues to 4/),
    });
    expect(channels('left')).toEqual(['4', '3']);
    expect(channels('right')).toEqual(['4', '3']);
    expect(bench.leftovers()).toEqual([]);
  });

  it('belong to one run at a time', async () => {
    const run = await started();
    const second = bench.ringbed('run', scenario(), ...on, '--set', 'nic.queues=3', '--quiet');
    expect(second).toMatchObject({
      status: 4,
      stderr: expect.stringMatching(/another ringbed run has changed the settings of left/),
    });
    expect(channels('right')).toEqual(['2', '2']);
    await run.interrupt();
    expect(channels('right')).toEqual(['4', '3']);
  });

  it('are listed by `ringbed nic list`', () => {
    const { nics } = JSON.parse(bench.ringbed('nic', 'list', '--json').stdout);
    expect(nics.map(({ name }: { name: string }) => name).sort()).toEqual(['left', 'right']);
    expect(nics[0]).toMatchObject({
      driver: 'veth',
      up: true,
      carrier: true,
      defaultRoute: false,
      queues: 4,
      channels: { rx: 4, maxRx: 4, tx: 3, maxTx: 4 },
      numaNode: null,
      hardwareTimestamps: { rx: false, tx: false },
      usable: true,
    });
    // What the kernel says of the driver, if it is new enough to say it.
    const { xdp } = nics[0];
    if (xdp !== null) expect(xdp).toMatchObject({ native: true, redirect: true, zeroCopy: false });
    expect(bench.ringbed('nic', 'list').stdout).toMatch(/left +veth .* 4 .*ready/);
  });
});
