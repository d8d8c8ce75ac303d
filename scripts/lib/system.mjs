// What the build and the tests need from the system, and how to get it: apt-get where this runs as root
// on Debian or Ubuntu, else the command to type. Missing required things stop; optional ones are named
// with what their absence switches off.
import { existsSync } from 'node:fs';
import { capture, run, ScriptError, say, which } from './process.mjs';

const required = [
  { package: 'g++', there: () => which('g++') || which('clang++') },
  { package: 'cmake', there: () => which('cmake') },
  { package: 'ninja-build', there: () => which('ninja') },
  { package: 'pkg-config', there: () => which('pkg-config') },
];

const header = (path) => () => existsSync(`/usr/include/${path}`);

// Needed by tests and benchmarks alone; `off` says what their absence costs.
const optional = [
  { package: 'libgtest-dev', there: header('gtest/gtest.h'), off: 'C++ unit tests' },
  { package: 'libgmock-dev', there: header('gmock/gmock.h'), off: 'C++ unit tests' },
  {
    package: 'clang',
    there: () => which('clang++'),
    off: 'fuzzers, and tests with eBPF programs of their own',
  },
  {
    // libFuzzer and the sanitizers, in the version of the clang that is installed (or will be, on Debian 12).
    get package() {
      return `libclang-rt-${capture('clang++', ['-dumpversion'])?.split('.')[0] ?? '14'}-dev`;
    },
    there: () => canFuzz(),
    off: 'fuzzers',
  },
  { package: 'clang-format', there: () => which('clang-format'), off: 'the C++ format check' },
  { package: 'ccache', there: () => which('ccache'), off: 'nothing, but builds take longer' },
  { package: 'tshark', there: () => which('tshark'), off: 'dissection compared with tshark' },
  { package: 'tcpdump', there: () => which('tcpdump'), off: 'captures of kernel traffic' },
  { package: 'iproute2', there: () => which('ip'), off: 'tests in network namespaces' },
  { package: 'ethtool', there: () => which('ethtool'), off: 'tests of NIC settings' },
  {
    package: 'python3-prometheus-client',
    there: () => existsSync('/usr/lib/python3/dist-packages/prometheus_client'),
    off: 'the test of live metrics',
  },
  { package: 'tcpreplay', there: () => which('tcpreplay'), off: 'comparison with tcpreplay' },
  {
    package: 'python3-scapy',
    there: () => existsSync('/usr/lib/python3/dist-packages/scapy'),
    off: 'comparison with scapy',
  },
  { package: 'libbpf-dev', there: header('bpf/libbpf.h'), off: 'eBPF programs' },
  { package: 'libxdp-dev', there: header('xdp/xsk.h'), off: 'AF_XDP' },
  { package: 'libelf-dev', there: header('libelf.h'), off: 'eBPF objects' },
  { package: 'libpcap-dev', there: header('pcap/pcap.h'), off: 'live capture' },
  { package: 'libbenchmark-dev', there: header('benchmark/benchmark.h'), off: 'some benchmarks' },
  {
    package: 'dpdk-dev',
    there: () => capture('pkg-config', ['--exists', 'libdpdk']) !== null,
    off: 'benchmarks against DPDK',
  },
  { package: 'dpdk', there: () => which('dpdk-testpmd'), off: 'live benchmarks against testpmd' },
  { package: 'sockperf', there: () => which('sockperf'), off: 'live benchmarks against kernel UDP' },
];

/** Whether clang and, of its version, libFuzzer and the sanitizers are installed. */
export function canFuzz() {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const found = [`libclang_rt.fuzzer-${machine}.a`, 'libclang_rt.fuzzer.a'].map((name) =>
    capture('clang++', [`-print-file-name=${name}`])?.trim(),
  );
  return found.some((path) => path?.startsWith('/') && existsSync(path));
}

const missing = (rows) => rows.filter((row) => !row.there());
const install = (rows) => ['install', '-y', '--no-install-recommends', ...rows.map((row) => row.package)];
// DEBIAN_FRONTEND: tshark asks whether everybody may capture; the default, no, is right here.
const quietly = { env: { DEBIAN_FRONTEND: 'noninteractive' }, quiet: true };

/**
 * Checks the required packages and, with `tests`, the optional ones; installs what is missing where it may.
 * @throws ScriptError if something required is missing and could not be installed
 */
export async function ensureSystem({ tests }) {
  const must = missing(required);
  const may = tests ? missing(optional) : [];
  if (must.length + may.length === 0) return;

  const root = process.getuid?.() === 0;
  const command = `${root ? '' : 'sudo '}apt-get ${install([...must, ...may]).join(' ')}`;
  if (root && which('apt-get')) {
    say(`setup: installing ${[...must, ...may].map((row) => row.package).join(' ')}`);
    await aptInstall(must, may);
  }
  const still = missing(must);
  if (still.length > 0) {
    throw new ScriptError(
      `missing: ${still.map((row) => row.package).join(', ')}. The build needs ${still.length > 1 ? 'them' : 'it'}.\n` +
        (which('apt-get')
          ? `  Type: ${command}`
          : '  Install them with your package manager, then try again.'),
    );
  }
  for (const row of missing(may)) say(`setup: no ${row.package}: switches off ${row.off}`);
  if (missing(may).length > 0 && !root) say(`setup: to get everything, type: ${command}`);
}

async function aptInstall(must, may) {
  const update = await run('apt-get', ['update'], quietly);
  if (update.status !== 0)
    say('setup: apt-get update failed (no network?); trying with the package lists that are here');
  const all = await run('apt-get', install([...must, ...may]), quietly);
  if (all.status === 0 && missing([...must, ...may]).length === 0) return;
  // One unknown package fails the whole command: take the required ones first, then each for itself.
  if (missing(must).length > 0) await run('apt-get', install(must), { ...quietly, quiet: false });
  for (const row of missing(may)) await run('apt-get', install([row]), quietly);
}
