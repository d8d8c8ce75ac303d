// What machine this is, for the record of a run.
import { cpus, machine, release, type } from 'node:os';
import type { Host } from './result.js';

export function describeHost(): Host {
  const processors = cpus();
  return {
    kernel: `${type()} ${release()}`,
    cpu: processors[0]?.model.trim() || machine(),
    cores: processors.length,
    node: process.version,
    arch: process.arch,
  };
}
