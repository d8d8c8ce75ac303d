#!/usr/bin/env node
// The `ringbed` command. Loads little: a command's own module comes when the command is asked for, so
// that --help and the first line of a run are there at once.
import { setFlagsFromString } from 'node:v8';
import { runCommandLine } from './command-line.js';

// What is hot is native. JavaScript that runs once need not be optimized, nor its heap grow: 7 MiB of a run.
setFlagsFromString('--no-opt');
setFlagsFromString('--optimize-for-size');

process.exitCode = await runCommandLine(process.argv.slice(2));
