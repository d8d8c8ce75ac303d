#!/usr/bin/env node
// The `ringbed` command. Loads little: a command's own module comes when the command is asked for, so
// that --help and the first line of a run are there at once.
import { runCommandLine } from './command-line.js';

process.exitCode = await runCommandLine(process.argv.slice(2));
