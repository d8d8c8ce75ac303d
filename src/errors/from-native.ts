// Turns what the addon threw (an Error with `code` and `hint`, mapped once in csrc/binding) into a
// RingbedError. An error without a known code is a fault of ringbed, and keeps its cause for a bug report.
import { isErrorCode, RingbedError } from './ringbed-error.js';

/** The RingbedError for anything that was thrown; a RingbedError is returned as it is. */
export function fromNative(error: unknown): RingbedError {
  if (error instanceof RingbedError) return error;
  if (!(error instanceof Error)) return new RingbedError('internal', String(error));
  const { code, hint } = error as { code?: unknown; hint?: unknown };
  return new RingbedError(
    isErrorCode(code) ? code : 'internal',
    error.message,
    typeof hint === 'string' ? hint : '',
    { cause: error },
  );
}
