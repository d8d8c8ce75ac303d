// The one error class of ringbed, and the one table from its codes to exit codes (DESIGN: command line).
// Whatever a user can meet is a RingbedError with a message and a hint; anything else that is thrown is
// a bug and ends as `internal`.

import { printable } from './printable.js';

/** Exit code of the process for each kind of error. 0 is kept for "done and every SLO met". */
export const exitCodes = {
  /** A wrong command line. */
  usage: 2,
  /** A scenario, capture or value that breaks a rule. */
  invalid: 2,
  /** A file that cannot be read or written. */
  io: 2,
  /** This machine lacks a privilege, backend or kernel feature. */
  unavailable: 4,
  /** This machine has too little memory (or another quantity) for what was asked. */
  resource: 4,
  /** A fault of ringbed itself. */
  internal: 1,
  /** A service level objective was missed, or a fuzz campaign has a finding. */
  slo: 3,
  /** Ended by the user. */
  interrupted: 130,
} as const;

export type ErrorCode = keyof typeof exitCodes;

/** An error that explains itself: `message` says what is wrong and where, `hint` what to do next. */
export class RingbedError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint = '', options?: ErrorOptions) {
    super(message, options);
    this.name = 'RingbedError';
    this.code = code;
    this.hint = hint;
  }

  get exitCode(): number {
    return exitCodes[this.code];
  }

  /** Message and hint as a user reads them on a terminal; never a stack trace. */
  explain(): string {
    return printable(this.hint === '' ? this.message : `${this.message}\n  hint: ${this.hint}`);
  }
}

/** True for a code of the table above. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(exitCodes, code);
}
