// Three projects: `unit` (fast, parallel), `e2e` (through the built command line), `live` (namespaces and
// veth, one file at a time because they share the kernel).
import { defineConfig } from 'vitest/config';

const minutes = 60_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{unit,property,conformance}/**/*.test.ts'],
          setupFiles: ['test/support/seed.ts'],
          testTimeout: 2 * minutes,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/golden/**/*.test.ts'],
          testTimeout: 3 * minutes,
          hookTimeout: 3 * minutes,
        },
      },
      {
        test: {
          name: 'live',
          include: ['test/live/**/*.test.ts'],
          testTimeout: 3 * minutes,
          hookTimeout: 3 * minutes,
          fileParallelism: false,
        },
      },
    ],
  },
});
