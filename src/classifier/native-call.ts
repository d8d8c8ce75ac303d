// Calls of the addon, with what they throw turned into the errors of ringbed.
import { fromNative } from '../errors/index.js';

/** @throws RingbedError */
export function native<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}
