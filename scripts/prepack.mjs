// Before `npm pack`: a complete build, and the addon where the loader of an installed package looks first.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addonPath } from './lib/native.mjs';
import { main, root } from './lib/process.mjs';
import { setup } from './setup.mjs';

// `--as-built`: pack what is there (the tests, which have just built it).
await main(async (args) => {
  if (!args.includes('--as-built')) await setup();
  const directory = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  rmSync(join(root, 'prebuilds'), { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  copyFileSync(join(root, addonPath), join(directory, 'ringbed.node'));
});
