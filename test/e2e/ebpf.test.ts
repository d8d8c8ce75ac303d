// `ringbed ebpf exec`: the plug-in convention of bpf_conformance: hex in, r0 as hex out, status 1 for errors.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { main } from './cli.js';

function exec(program: string, args: readonly string[] = []) {
  return spawnSync(process.execPath, [main, 'ebpf', 'exec', ...args], { input: program, encoding: 'utf8' });
}

const returnMinusOne = 'b7 00 00 00 ff ff ff ff 95 00 00 00 00 00 00 00';
const thirdByte = '7110020000000000\n9500000000000000\n';
const length = 'bf20000000000000 9500000000000000';
const bswap = 'b700000001020000 d700000010000000 9500000000000000';

describe('ebpf exec', () => {
  it('prints r0 as hex, without a prefix', () => {
    expect(exec(returnMinusOne).stdout).toBe('ffffffffffffffff\n');
  });

  it.each([
    ['--memory', ['--memory', '11 22 33']],
    ['an argument', ['112233']],
  ])('gives the memory to r1 and r2, as %s', (_how, args) => {
    expect(exec(thirdByte, args).stdout).toBe('33\n');
    expect(exec(length, args).stdout).toBe('3\n');
  });

  // The runner writes '%02x' and two blanks a byte, and passes its (empty) plug-in options as an argument.
  it.each([
    ['an empty argument for plug-in options', ['11  22  33  ', '']],
    ['no memory, and an empty argument', ['', '']],
    ['--debug', ['112233', '--debug']],
    ['digits by themselves', ['11 2 0x3']],
  ])('takes what a runner passes: %s', (_how, args) => {
    const spaced = length.replace(/ /g, '').replace(/../g, '$&  ');
    const { status, stdout } = exec(`${spaced}\n`, args);
    expect({ status, stdout }).toEqual({ status: 0, stdout: args[0] === '' ? '0\n' : '3\n' });
  });

  it('takes the program from --program', () => {
    expect(exec('', ['--program', returnMinusOne]).stdout).toBe('ffffffffffffffff\n');
  });

  it.each([[['--engine', 'jit']], [['--jit']], [['--engine', 'interpreter']]])('runs it by %s', (how) => {
    const { status, stdout, stderr } = exec(thirdByte, ['--memory', '112233', ...how]);
    if (/JIT needs|the JIT makes|no executable memory/.test(stderr)) expect(status).toBe(1);
    else expect(stdout).toBe('33\n');
  });

  it('holds the program to a CPU version', () => {
    expect(exec(bswap).stdout).toBe('102\n');
    expect(exec(bswap, ['--cpu', 'v3'])).toMatchObject({ status: 1, stdout: '' });
    expect(exec(bswap, ['--cpu', 'v3']).stderr).toMatch(/instruction 1: .*needs cpu v4/);
  });

  it.each([
    ['an undefined opcode', '8f00000000000000', /instruction 0: opcode 0x8f is not defined/],
    ['a read of nothing', thirdByte, /instruction 0: out-of-bounds read of 1 byte at 0x2 \(NULL \+ 2\)/],
    ['half an instruction', 'b70000', /3 bytes/],
    ['no hex', 'xyz', /no hexadecimal digit/],
    ['no program', '', /0 bytes/],
    ['an ELF object', '7f454c4602010100', /an ELF object, not bytecode/],
  ])('refuses %s with status 1', (_what, program, message) => {
    const { status, stdout, stderr } = exec(program);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });

  it('refuses memory in several arguments', () => {
    const { status, stderr } = exec(length, ['11', '22']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/unexpected argument '22'/);
  });
});
