// The first signal asks, and the handlers go when the work ends.
import { describe, expect, it } from 'vitest';
import { withInterrupt } from '../../../src/cli/interrupt.js';

describe('withInterrupt', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('raises its signal at the first %s', async (name) => {
    const before = process.listenerCount(name);
    const aborted = await withInterrupt(async (signal) => {
      expect(process.listenerCount(name)).toBe(before + 1);
      process.emit(name, name);
      return signal.aborted;
    });
    expect(aborted).toBe(true);
    expect(process.listenerCount(name)).toBe(before);
  });

  it('takes its handlers away when the work fails', async () => {
    const before = process.listenerCount('SIGINT');
    await expect(withInterrupt(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});
