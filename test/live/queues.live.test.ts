// Frames that a NIC steers to queues on which the run has no socket: a named drop and the remedy, never a
// silent zero. Another program's AF_XDP socket keeps the interface from having fewer channels.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, scenario } from '../e2e/cli.js';
import { LiveBench } from '../support/live-run.js';
import { Namespace, pair, whyNoNamespaces } from '../support/namespaces.js';

const missing = whyNoNamespaces(['ip', 'unshare', 'nsenter', 'python3']);
if (missing !== undefined) {
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests of queues skipped: ${missing}`);
}

const helper = join(root, 'test/live/occupy.py');
const mac = '02:00:00:00:00:02';

describe.skipIf(missing !== undefined)('queues that the run does not serve', () => {
  const space = new Namespace();
  let bench: LiveBench;

  beforeAll(async () => {
    await space.start();
    bench = new LiveBench(space);
    pair(space, 'left', 'right', 'numrxqueues', '4', 'numtxqueues', '4');
    await space.serve('python3', helper, 'queue', 'right', '3');
  });
  afterAll(() => {
    bench?.stop();
    space.stop();
  });

  async function served(queues: number) {
    const path = scenario(`  mac: "${mac}"\nnic: { queues: ${queues} }\n`, { duration: '600s' });
    const run = bench.start('run', path, '--on', 'nic:right', '--json');
    await run.obeys();
    space.run('python3', helper, 'flows', 'left', mac, '400');
    await new Promise((done) => setTimeout(done, 300));
    const { stdout } = await run.interrupt();
    return JSON.parse(stdout);
  }

  it('are a drop of the NIC, and the report says how to steer', async () => {
    const { conserved, packets, drops, notes } = await served(1);
    expect(conserved).toBe(true);
    const unserved = drops.find(({ reason }: { reason: string }) => reason === 'queue_unserved');
    expect(unserved).toMatchObject({ stage: 'nic' });
    expect(unserved.count).toBeGreaterThan(0);
    // Every frame is one or the other.
    expect(packets).toMatchObject({ offered: 400, received: 400 - unserved.count });
    expect(notes.join('\n')).toMatch(/does not take the 1 that nic.queues wants/);
    expect(notes.join('\n')).toMatch(
      new RegExp(
        `${unserved.count} frames came on queues .* not serve \\(.*\\); set nic.queues .*ethtool -X`,
      ),
    );
  });
});
