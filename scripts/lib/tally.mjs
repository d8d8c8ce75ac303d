// Adds up what the runners of `npm test` counted, and prints a line for each.
import { say } from './process.mjs';

export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** Names, with reasons where they are known. */
  skips = [];
  started = performance.now();

  /** One runner's counts. `skips` names what was skipped. */
  add(runner, { passed = 0, failed = 0, skipped = 0, skips = [] }) {
    this.passed += passed;
    this.failed += failed;
    this.skipped += skipped;
    this.skips.push(...skips.map((skip) => `${runner}: ${skip}`));
    const seconds = ((performance.now() - this.started) / 1000).toFixed(0);
    this.started = performance.now();
    say(`test: ${runner.padEnd(28)} ${passed} passed, ${failed} failed, ${skipped} skipped  (${seconds} s)`);
  }

  /** A runner that could not even start counts as one failure. */
  broken(runner, error) {
    say(`test: ${runner}: ${error.message}`);
    this.add(runner, { failed: 1 });
  }

  /** The last line of all, and the exit status. With `strict` a skip is a failure. */
  finish({ strict }) {
    for (const skip of this.skips) say(`test: skipped: ${skip}`);
    if (strict && this.skipped > 0) say(`test: REQUIRE_LIVE=1: ${this.skipped} skipped tests are failures`);
    const failed = this.failed + (strict ? this.skipped : 0);
    const skipped = strict ? 0 : this.skipped;
    process.stdout.write(`${this.passed} passed, ${failed} failed, ${skipped} skipped\n`);
    return failed > 0 ? 1 : 0;
  }
}
