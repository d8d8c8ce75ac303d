// What can go wrong in the middle of a run in a live world: each ends with a report whose books balance, or
// with a clear error, and leaves nothing behind. (Links that go down or away: nic.live.test.ts.)
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, main, ringbed, root, scenario } from '../e2e/cli.js';
import { whyNoNamespaces } from '../support/namespaces.js';

const missing = whyNoNamespaces(['ip', 'unshare', 'mount']);
if (missing !== undefined) {
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests of faults skipped: ${missing}`);
}

const own = () => ({ XDG_RUNTIME_DIR: folder() });

describe.skipIf(missing !== undefined)('a live run', () => {
  it('whose receive ring is starved books every frame that found no place, as the kernel does', () => {
    const path = scenario('nic: { rxDescriptors: 1 }\ncore: { batch: 1 }\n', { duration: '100ms' });
    // Native, because generic XDP leaves the interface's own counters alone.
    const native = ['--set', 'device.xdp.mode=native'];
    const run = ['run', path, '--on', 'veth', '--json', '--quiet', ...native];
    const { status, stdout, stderr } = ringbed(run, { env: own() });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { conserved, drops, kernel, rings } = JSON.parse(stdout);
    expect(conserved).toBe(true);
    const full = drops.find(({ reason }: { reason: string }) => reason === 'rx_ring_full')?.count;
    expect(full).toBeGreaterThan(0);
    expect(rings[0]).toMatchObject({ name: 'rx0', size: 1 });
    // The kernel's own counter, under the kernel's own name.
    const counted = kernel.find(({ name }: { name: string }) => name === 'rx_dropped')?.count;
    expect(counted).toBe(full);
  });

  // A file system of its own, in a mount namespace that goes with the command.
  function onSmallDisk(kilobytes: number, command: (disk: string) => string) {
    const disk = folder();
    const script = `mount -t tmpfs -o size=${kilobytes}k none ${disk} && ${command(disk)}; status=$?; ls -A ${disk}/kept; exit $status`;
    const done = spawnSync('unshare', ['--mount', 'sh', '-c', script], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', ...own() },
      encoding: 'utf8',
    });
    return { status: done.status, stdout: done.stdout, stderr: done.stderr };
  }

  it('whose report does not fit the disk says so, and leaves nothing half-written', () => {
    const path = scenario('', { duration: '20ms' });
    const run = onSmallDisk(
      8,
      (disk) => `'${process.execPath}' '${main}' run '${path}' --on veth --quiet --out ${disk}/kept`,
    );
    expect(run.stderr).toMatch(/cannot write .*kept.*: the disk is full\n.*hint/);
    expect(run.status).toBe(4);
    expect(run.stdout).not.toMatch(/run\.pb|\.tmp/);
  });

  it('whose output goes to a full device says so', () => {
    const path = scenario('', { duration: '20ms' });
    const run = ringbed(['run', path, '--on', 'veth', '--quiet', '--json', '/dev/full'], { env: own() });
    expect(run).toMatchObject({ status: 4, stderr: expect.stringMatching(/disk is full/) });
  });

  it('leaves no interface, namespace or folder behind', () => {
    const base = folder();
    const links = () => execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).split('\n').length;
    const before = links();
    const path = scenario('', { duration: '20ms' });
    expect(ringbed(['run', path, '--on', 'veth', '--quiet'], { env: { XDG_RUNTIME_DIR: base } }).status).toBe(
      0,
    );
    expect(links()).toBe(before);
    expect(readdirSync(join(base, 'ringbed'))).toEqual([]);
  });
});
