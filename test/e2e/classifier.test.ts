// `ringbed classifier` as users type it, without privileges: show, run, test, and a scenario with a classifier.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileBpf, whyNoBpfCompiler } from '../support/bpf.js';
import { ringbed, scenario, folder as scratch } from './cli.js';
import { cooked } from './cooked.js';

describe('the bundled classifier', () => {
  it('show lists programs, stages, maps and memory', () => {
    const { status, stdout } = ringbed([
      'classifier',
      'show',
      'classifier.bpf.o',
      '--stages',
      'parse,port',
      '--json',
    ]);
    expect(status).toBe(0);
    const shown = JSON.parse(stdout);
    expect(shown).toMatchObject({ entry: 'classifier', stages: ['parse', 'port'] });
    expect(shown.programs.every(({ instructions }: { instructions: number }) => instructions > 100)).toBe(
      true,
    );
    expect(shown.mapBytes).toBeGreaterThan(1_000_000);
  });

  it.skipIf(whyNoBpfCompiler())('show names what only a kernel can run', () => {
    const object = join(scratch(), 'kernel_only.o');
    compileBpf('test/data/bpf/kernel_only.bpf.c', object);
    const { status, stdout } = ringbed(['classifier', 'show', object, '--json']);
    expect(status).toBe(0);
    const shown = JSON.parse(stdout);
    const only = (name: string) =>
      shown.programs.find((program: { name: string }) => program.name === name)?.kernelOnly;
    expect(only('timed')).toEqual(['helper 169 (bpf_timer_init)']);
    expect(only('tunneled')).toEqual(['helper 20 (bpf_skb_get_tunnel_key)']);
    expect(only('plain')).toEqual([]);
    expect(shown.notes).toContain(
      'program timed calls helper 169 (bpf_timer_init): only a kernel has that (--in kernel)',
    );
  });

  it('run counts verdicts, the same for the same seed', () => {
    const args = [
      'classifier',
      'run',
      'classifier.bpf.o',
      '--stages',
      'parse,nanonet',
      '--random',
      '3000',
      '--json',
    ];
    const first = ringbed([...args, '--seed', '5']);
    expect(first.status).toBe(0);
    const run = JSON.parse(first.stdout);
    expect(run).toMatchObject({ program: 'classifier', frames: 3000, mismatches: 0, first: null });
    const counted = Object.values(run.verdicts as Record<string, number>).reduce((sum, n) => sum + n, 0);
    expect(counted).toBe(3000);
    expect(ringbed([...args, '--seed', '5']).stdout).toBe(first.stdout);
    expect(ringbed([...args, '--seed', '6']).stdout).not.toBe(first.stdout);
  });

  it('run gives a capture that was not made on Ethernet the same verdicts', () => {
    const file = join(scratch(), 'traffic.pcap');
    expect(ringbed(['gen', scenario(), '--out', file]).status).toBe(0);
    const verdicts = [file, cooked(file)].map((frames) => {
      const args = ['classifier', 'run', 'classifier.bpf.o', '--stages', 'parse,nanonet'];
      const { status, stdout } = ringbed([...args, '--frames', frames, '--json']);
      expect(status).toBe(0);
      return JSON.parse(stdout).verdicts;
    });
    expect(Object.keys(verdicts[0])).toEqual(['XDP_PASS']);
    expect(verdicts[1]).toEqual(verdicts[0]);
  });

  it('test runs files that are data, and fails with exit code 3', () => {
    const good = ringbed(['classifier', 'test', 'test/conformance/classifier/port.yaml']);
    expect(good.stdout).toMatch(/10 passed, 0 failed/);
    expect(good.status).toBe(0);
    const path = join(scratch(), 'wrong.yaml');
    const frame = '00'.repeat(60);
    writeFileSync(
      path,
      `object: classifier.bpf.o\ntests: [{ description: d, frame: "${frame}", verdict: XDP_TX }]`,
    );
    expect(ringbed(['classifier', 'test', path]).status).toBe(3);
    writeFileSync(path, 'object: classifier.bpf.o\ntests: [{ frame: "00" }]');
    const wrong = ringbed(['classifier', 'test', path]);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toMatch(/tests\.0\.description/);
  });

  it('a program that is not there is named with those that are', () => {
    const { status, stderr } = ringbed(['classifier', 'run', 'classifier.bpf.o', '--program', 'prase']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/no program prase[\s\S]*its programs: .*parse/);
  });
});

describe.skipIf(whyNoBpfCompiler() !== undefined)('an object of somebody else', () => {
  const compile = (name: string, source: string): string => {
    const folder = scratch();
    writeFileSync(join(folder, `${name}.c`), source);
    compileBpf(`${name}.c`, `${name}.o`, folder);
    return join(folder, `${name}.o`);
  };

  it('with a section that says nothing needs --type', () => {
    const object = compile(
      'odd',
      '__attribute__((section("xdp"), used)) int odd(void *ctx) { return 2; }\n__attribute__((section("filter"), used)) int other(void *ctx) { return 1; }',
    );
    const refused = ringbed(['classifier', 'run', object, '--program', 'other']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/section filter/);
    const run = ringbed([
      'classifier',
      'run',
      object,
      '--program',
      'other',
      '--type',
      'xdp',
      '--random',
      '10',
      '--json',
    ]);
    expect(JSON.parse(run.stdout)).toMatchObject({ verdicts: { XDP_DROP: 10 } });
  });

  it('that does what no verifier allows is stopped, and a run of a scenario goes on', () => {
    const object = compile(
      'hostile',
      'struct xdp_md { unsigned data, end; };\n__attribute__((section("xdp"), used)) int hostile(struct xdp_md *ctx) {\n  return ((char *)(long)ctx->data)[70000]; }',
    );
    const run = ringbed(['classifier', 'run', object, '--random', '10', '--json']);
    expect(run.status).toBe(3);
    expect(JSON.parse(run.stdout)).toMatchObject({
      faults: 10,
      firstFault: expect.stringMatching(/out-of-bounds read/),
    });
    const scenario = join(scratch(), 'hostile.yaml');
    writeFileSync(
      scenario,
      `packets: 1000\ntraffic: [{ to: 239.1.1.1:8080 }]\nclassifier: { object: ${object} }`,
    );
    const report = JSON.parse(ringbed(['run', scenario, '--json', '--quiet']).stdout);
    expect(report.conserved).toBe(true);
    expect(report.drops).toEqual([{ stage: 'classifier', reason: 'classifier_aborted', count: 1000 }]);
    expect(report.classifier.fault).toMatch(/hostile: instruction \d+ \(.*hostile\.c:3.*out-of-bounds read/);
  });
});
