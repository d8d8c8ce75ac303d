// The seed of randomized tests: fixed, so that a run repeats, unless RINGBED_TEST_SEED says otherwise (a number, or
// `random`; a failure prints the seed that was used). The C++ tests read the same variable.
import fc from 'fast-check';

const wanted = process.env.RINGBED_TEST_SEED ?? '42';

fc.configureGlobal(wanted === 'random' ? {} : { seed: Number(wanted) });
