// What is wrong with a scenario: every fault at once, each with the place it stands at, what was expected
// and the nearest valid name.
import { RingbedError } from './ringbed-error.js';

/** One mistake in a scenario. `line` and `column` count from 1; line 0: the source has no lines (a flag). */
export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Dotted path in the scenario (`traffic.feed.rate`); empty for the document itself. */
  readonly path: string;
  /** What is wrong: `unknown key "symbl"`. */
  readonly message: string;
  /** What was expected instead; empty when the message says it. */
  readonly expected: string;
  /** The nearest valid name; empty when none is near. */
  readonly nearest: string;
}

/** `file:line:col: path: what is wrong; expected …; did you mean …?` */
export function formatFault(fault: Fault): string {
  const place = fault.line > 0 ? `${fault.file}:${fault.line}:${fault.column}` : fault.file;
  const parts = [fault.message];
  if (fault.expected !== '') parts.push(`expected ${fault.expected}`);
  if (fault.nearest !== '') parts.push(`did you mean ${fault.nearest}?`);
  return [place, ...(fault.path === '' ? [] : [fault.path]), parts.join('; ')].join(': ');
}

/** More than anybody mends at one sitting. */
const mostShown = 100;

function listFaults(faults: readonly Fault[]): string {
  const shown = faults.slice(0, mostShown).map(formatFault);
  const more = faults.length - shown.length;
  return [...shown, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n');
}

/** An invalid scenario (exit code 2). `faults` is never empty and stands in the order of the file. */
export class ScenarioError extends RingbedError {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[], hint = '') {
    super('invalid', listFaults(faults), hint);
    this.name = 'ScenarioError';
    this.faults = faults;
  }
}
