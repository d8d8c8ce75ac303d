import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { assignment, axis, disentangleJson, positive, shellQuote } from '../../../src/cli/arguments.js';

describe('command-line values', () => {
  it('numbers of runs are at least 1', () => {
    expect(positive('16')).toBe(16);
    for (const bad of ['0', '-2', '1.5', '', 'many', '1e3', '_'])
      expect(() => positive(bad)).toThrow(InvalidArgumentError);
  });

  it('--set and --vary need a path and collect', () => {
    expect(assignment('b=2', assignment('a='))).toEqual(['a=', 'b=2']);
    expect(axis('b=1,2', ['a=1'])).toEqual(['a=1', 'b=1,2']);
    for (const bad of ['a', '=1', '']) expect(() => assignment(bad)).toThrow(InvalidArgumentError);
    for (const bad of ['a', '=1', 'a=']) expect(() => axis(bad)).toThrow(InvalidArgumentError);
  });

  it('quotes for the shell only what needs it', () => {
    expect(shellQuote('device.pool.size=512')).toBe('device.pool.size=512');
    expect(shellQuote("it's < 10us")).toBe("'it'\\''s < 10us'");
    expect(shellQuote('')).toBe("''");
  });

  it('--json never takes a scenario for its file', () => {
    expect(disentangleJson(['run', '--json', 'a.yaml'])).toEqual(['run', '--json=-', 'a.yaml']);
    expect(disentangleJson(['run', 'a.yaml', '--json', 'out.json'])).toEqual([
      'run',
      'a.yaml',
      '--json',
      'out.json',
    ]);
    expect(disentangleJson(['run', 'a.yml', '--json'])).toEqual(['run', 'a.yml', '--json']);
  });
});
