import { describe, expect, it } from 'vitest';
import {
  exitCodes,
  formatFault,
  fromNative,
  RingbedError,
  ScenarioError,
} from '../../../src/errors/index.js';

const fault = {
  file: 'a.yaml',
  line: 3,
  column: 7,
  path: 'link.rate',
  message: '"5ms" is a time',
  expected: 'a bit rate',
  nearest: '5Mbps',
};

describe('RingbedError', () => {
  it('maps every code to the exit code that the command line promises', () => {
    expect(exitCodes).toEqual({
      usage: 2,
      invalid: 2,
      io: 2,
      unavailable: 4,
      resource: 4,
      internal: 1,
      slo: 3,
      interrupted: 130,
    });
    expect(new RingbedError('slo', 'missed').exitCode).toBe(3);
  });

  it('explains itself without a stack trace', () => {
    expect(new RingbedError('io', 'no such file', 'check the path').explain()).toBe(
      'no such file\n  hint: check the path',
    );
    expect(new RingbedError('io', 'no such file').explain()).toBe('no such file');
  });
});

describe('fromNative', () => {
  it('keeps code, hint and cause', () => {
    const native = Object.assign(new Error('no XDP'), {
      code: 'unavailable',
      hint: 'apt-get install libxdp1',
    });
    const error = fromNative(native);
    expect(error).toMatchObject({
      code: 'unavailable',
      message: 'no XDP',
      hint: 'apt-get install libxdp1',
      exitCode: 4,
    });
    expect(error.cause).toBe(native);
  });

  it.each([
    [Object.assign(new Error('x'), { code: 'ENOENT' })],
    [Object.assign(new Error('x'), { code: 'toString' })],
    [new Error('x')],
    ['x'],
    [undefined],
  ])('takes what it does not know for a fault of its own: %s', (thrown) => {
    expect(fromNative(thrown).code).toBe('internal');
  });

  it('leaves a RingbedError alone', () => {
    const error = new RingbedError('usage', 'x');
    expect(fromNative(error)).toBe(error);
  });
});

describe('faults', () => {
  it('say where, what, what was expected and what was meant', () => {
    expect(formatFault(fault)).toBe(
      'a.yaml:3:7: link.rate: "5ms" is a time; expected a bit rate; did you mean 5Mbps?',
    );
    expect(
      formatFault({ ...fault, line: 0, column: 0, file: '--set a=b', path: '', expected: '', nearest: '' }),
    ).toBe('--set a=b: "5ms" is a time');
  });

  it('come all at once', () => {
    const error = new ScenarioError([fault, { ...fault, line: 4 }]);
    expect(error).toBeInstanceOf(RingbedError);
    expect(error.exitCode).toBe(2);
    expect(error.message.split('\n')).toHaveLength(2);
    const many = new ScenarioError(Array.from({ length: 130 }, () => fault));
    expect(many.faults).toHaveLength(130);
    expect(many.message.split('\n').at(-1)).toBe('… and 30 more');
  });
});
