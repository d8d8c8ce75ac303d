// Bundles the command line into dist/cli: main.js, and a chunk for what each command needs, so that --help
// or `report` does not load the YAML parser and the schema, and zod's fifty languages are not loaded at all.
// That is half of what a run spends before its first packet.
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, ScriptError } from './process.mjs';

/** Replaces dist/cli as a whole. @throws ScriptError with the bundler's message */
export async function bundleCommandLine() {
  // Here, because the other scripts run before node_modules exists.
  const { rolldown } = await import('rolldown');
  const target = join(root, 'dist/cli');
  // Beside the target: the code finds package.json two folders up.
  const fresh = join(root, `dist/cli-${process.pid}`);
  try {
    const bundle = await rolldown({
      input: { main: join(root, 'src/cli/main.ts') },
      cwd: root,
      platform: 'node',
      tsconfig: false,
      resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
      // No module here does anything to another by being loaded.
      treeshake: { moduleSideEffects: false },
    });
    await bundle.write({
      dir: fresh,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      minify: { compress: true, mangle: false },
    });
    // npx runs the file itself.
    chmodSync(join(fresh, 'main.js'), 0o755);
    const old = `${fresh}-old`;
    if (existsSync(target)) renameSync(target, old);
    renameSync(fresh, target);
    rmSync(old, { recursive: true, force: true });
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw new ScriptError(`the command line does not bundle: ${error.message}`);
  }
}
