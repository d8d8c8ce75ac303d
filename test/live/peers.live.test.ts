// The device among programs that know nothing of ringbed: a kernel UDP client that trades with it, tcpreplay,
// tcpdump and tshark. Every response is held against its request, field by field.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { folder, ringbed, scenario } from '../e2e/cli.js';
import { LiveBench, type LiveRun } from '../support/live-run.js';
import { Namespace, whyNoNamespaces } from '../support/namespaces.js';

const missing = whyNoNamespaces(['ip', 'unshare', 'nsenter', 'tcpreplay', 'tcpdump', 'tshark', 'python3']);
if (missing !== undefined) {
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests with other programs skipped: ${missing}`);
}

interface Payload {
  symbol: string;
  price: number;
  rest: string;
}

/** The UDP payloads of a capture, in order, by tshark. */
function payloads(file: string): Buffer[] {
  const fields = ['-T', 'fields', '-e', 'udp.payload', '-e', 'data.data'];
  const out = execFileSync('tshark', ['-r', file, ...fields], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return out
    .trim()
    .split('\n')
    .map((line) =>
      Buffer.from((line.split('\t').find((cell) => cell !== '') ?? '').replace(/:/g, ''), 'hex'),
    );
}

const message = (bytes: Buffer): Payload => ({
  symbol: bytes.subarray(0, 8).toString('latin1').trim(),
  price: bytes.readUInt32BE(8),
  rest: bytes.subarray(12).toString('hex'),
});

describe.skipIf(missing !== undefined)('the device among other programs', () => {
  const ours = new Namespace();
  const theirs = new Namespace();
  let bench: LiveBench;
  const path = () => scenario('nic: { rxDescriptors: 8192 }\n', { duration: '600s' });

  beforeAll(async () => {
    await ours.start();
    await theirs.start();
    bench = new LiveBench(ours);
    theirs.run(
      'ip',
      'link',
      'add',
      'market',
      'type',
      'veth',
      'peer',
      'name',
      'desk',
      'netns',
      String(ours.pid),
    );
    for (const [space, name] of [
      [ours, 'desk'],
      [theirs, 'market'],
    ] as const) {
      space.run('ip', 'link', 'set', name, 'addrgenmode', 'none');
      space.run('ip', 'link', 'set', name, 'up');
    }
    theirs.run('ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'market');
    // The device answers no ARP; its MAC is derived from its address.
    theirs.run('ip', 'neigh', 'add', '10.0.0.2', 'lladdr', '02:00:0a:00:00:02', 'dev', 'market');
  });
  afterEach(() => bench.endAll());
  afterAll(() => {
    bench?.stop();
    ours.stop();
    theirs.stop();
  });

  async function device(...sets: string[]): Promise<LiveRun> {
    const run = bench.start(
      'run',
      path(),
      '--on',
      'nic:desk',
      '--json',
      ...sets.flatMap((set) => ['--set', set]),
    );
    await run.obeys();
    return run;
  }

  /** What tshark has to complain about. */
  function complaints(file: string): string {
    const checks = ['ip.check_checksum:TRUE', 'udp.check_checksum:TRUE'].flatMap((option) => ['-o', option]);
    const filter =
      'ip.checksum.status != 1 || udp.checksum.status != 1 || _ws.malformed || _ws.expert.severity >= error';
    return execFileSync('tshark', ['-r', file, ...checks, '-Y', filter], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  /** On: frames between kernels of one machine carry no checksums; on a wire they would. */
  function offload(state: 'on' | 'off'): void {
    theirs.run('python3', join(import.meta.dirname, 'traffic.py'), 'checksums', 'market', state);
  }

  it.each([
    ['that computes its checksums', 'xdp', 'off'],
    ['that leaves its checksums to the NIC', 'xdp', 'on'],
    ['that leaves its checksums to the NIC, by packet sockets', 'packet', 'on'],
  ] as const)('trades with a kernel UDP client %s', async (_, port, state) => {
    offload(state);
    const run = await device(`device.port=${port}`);
    const file = join(folder(), 'trade.pcap');
    const dump = await theirs.capture('market', file, '-Q', 'in', 'udp');
    const prices = [9999, 10_000, 5000, 1, 20_000, 9998];
    const script = join(import.meta.dirname, 'market.py');
    const enter = [`--net=/proc/${theirs.pid}/ns/net`, 'python3', script, '10.0.0.2', '8080'];
    const answers = JSON.parse(
      execFileSync('nsenter', [...enter, ...prices.map(String)], { encoding: 'utf8', timeout: 60_000 }),
    );
    await dump.stop();
    const ids = answers.map((order: { id: string } | null) => order?.id).filter(Boolean);
    expect(new Set(ids).size).toBe(ids.length);
    expect(answers.map((order: object | null) => order && { ...order, id: undefined })).toEqual(
      prices.map((price) =>
        price < 10_000
          ? { from: '10.0.0.2', symbol: 'AAPL', price: price + 1, quantity: 100, side: 0, id: undefined }
          : null,
      ),
    );
    expect(complaints(file)).toBe('');
    const { stdout } = await run.interrupt();
    expect(JSON.parse(stdout)).toMatchObject({
      conserved: true,
      packets: { processed: prices.length, responded: 4 },
    });
  });

  it('answers every frame of a capture that tcpreplay sends as it should be answered', async () => {
    const frames = 400;
    const requests = join(folder(), 'requests.pcap');
    const responses = join(folder(), 'responses.pcap');
    expect(ringbed(['gen', path(), '--set', `packets=${frames}`, '--out', requests]).status).toBe(0);
    const run = await device();
    const dump = await theirs.capture('market', responses, '-Q', 'in', 'udp');
    theirs.run('tcpreplay', '--intf1=market', '--pps=2000', requests);
    await run.until(async () => (await run.ask('stats')).stats.processed >= frames);
    await dump.stop();
    const { status, stdout, stderr } = await run.interrupt();
    expect({ status, stderr: stderr.replace(/.*started\n/, '') }).toEqual({ status: 130, stderr: '' });
    const expected = payloads(requests)
      .map(message)
      .filter(({ price }) => price < 10_000)
      .map(({ symbol, price }) => ({ symbol, price: price + 1, quantity: 100, side: 0 }));
    const found = payloads(responses).map((bytes) => ({
      symbol: message(bytes).symbol,
      price: message(bytes).price,
      quantity: bytes.readUInt32BE(12),
      side: bytes[16],
    }));
    expect(found.length).toBeGreaterThan(frames / 4);
    expect(found).toEqual(expected);
    expect(complaints(responses)).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      conserved: true,
      packets: { processed: frames, responded: expected.length },
    });
  });
});
