// `npm start`: set up whatever is missing, then run ringbed with the arguments given, by default the
// first scenario of the tour.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { main, root } from './lib/process.mjs';
import { setup } from './setup.mjs';

await main(async (args) => {
  await setup();
  const command = args.length > 0 ? args : ['run', join('scenarios', 'nanonet-multicast.yaml')];
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...command], { stdio: 'inherit' });
  // Ctrl-C reaches the child too, which ends its run and prints the report; wait for that.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return await new Promise((resolve) => {
    child.on('close', (status, signal) => resolve(signal ? 128 + 2 : (status ?? 1)));
  });
});
