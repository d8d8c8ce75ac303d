// The table of commands and flags, and the one place where errors become messages and exit statuses.
import { Command, CommanderError, Option } from 'commander';
import { RingbedError } from '../errors/index.js';
import { packageVersion } from '../native/index.js';
import { assignment, axis, countOf, disentangleJson, names, port, positive } from './arguments.js';
import { note, OutputClosed, print } from './output.js';

type Status = number;
type Action = (...args: never[]) => Status | Promise<Status>;

/** Runs the command line to its end and returns the exit status; throws nothing. */
export async function runCommandLine(args: readonly string[]): Promise<Status> {
  let status: Status = 0;
  // Commander calls an action with the arguments, the options and the command.
  const perform =
    (load: () => Promise<Action>) =>
    async (...given: unknown[]): Promise<void> => {
      const action = await load();
      status = await action(...(given.slice(0, -1) as never[]));
    };
  try {
    await program(perform).parseAsync(disentangleJson(args), { from: 'user' });
    return status;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): Status {
  if (error instanceof OutputClosed) return 0;
  // Commander has printed its message already; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RingbedError && error.code !== 'internal') {
    note(`ringbed: ${error.explain()}\n`);
    return error.exitCode;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  note(`ringbed: internal error: ${process.env.RINGBED_DEBUG ? (stack ?? message) : message}\n`);
  note('  This is a fault of ringbed. RINGBED_DEBUG=1 shows where; please report it with the command.\n');
  return 1;
}

function scenarioFlags(command: Command): Command {
  return command
    .option('--on <world>', "sim, veth or nic:IF[,IF] instead of the scenario's world")
    .option('--allow-interface <if>', 'with --on nic: also when it is down or carries a default route', names)
    .option('--seed <n>', "seed instead of the scenario's")
    .option('--set <path=value>', 'change a value of the scenario (repeatable)', assignment)
    .option('--costs <file>', 'cost profile of `ringbed calibrate` instead of the reference profile');
}

function program(perform: (load: () => Promise<Action>) => (...given: unknown[]) => Promise<void>): Command {
  const root = new Command('ringbed')
    .description('Kernel-bypass packet-processing simulator and test bed')
    .version(`ringbed ${packageVersion()}`, '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: note,
      outputError: (text, write) => write(text.replace(/^error: /, 'ringbed: ')),
    })
    .showHelpAfterError('  hint: ringbed --help')
    .addHelpText(
      'after',
      '\nExit status: 0 done and every objective met, 1 internal fault, 2 usage or invalid scenario,\n3 an objective missed, 4 this machine lacks something, 130 interrupted.',
    );

  const run = scenarioFlags(
    root
      .command('run')
      .description('run a scenario and print its report')
      .argument('<scenario>', 'YAML file'),
  )
    .option('--json [file]', 'the report as JSON, to standard output or a file')
    .option('--out <dir>', 'keep run.pb, report.json and scenario.yaml there')
    .option('--explain', 'show every effective value and where it came from, then run nothing')
    .option('--dry-run', 'stop after validation')
    .option(
      '--serve-metrics <port>',
      'the live counters as OpenMetrics on 127.0.0.1 (0: any free port)',
      port,
    )
    .option('-q, --quiet', 'no progress');
  run.action(perform(async () => (await import('./commands/run.js')).run));

  scenarioFlags(
    root
      .command('sweep')
      .description('run a scenario over a grid of values')
      .argument('<scenario>', 'YAML file'),
  )
    .requiredOption('--vary <path=v1,v2,…>', 'an axis of the grid (repeatable: every combination runs)', axis)
    .option('--repeat <n>', 'runs of each cell, with the seeds seed, seed+1, …', positive, 1)
    .option(
      '--jobs <n>',
      'runs at once (default: one a processor; one where they run in real time)',
      positive,
    )
    .option('--json [file]', 'every cell as JSON, to standard output or a file')
    .option('--csv <file>', 'a line a cell')
    .option('-q, --quiet', 'no progress')
    .action(perform(async () => (await import('./commands/sweep.js')).sweep));

  scenarioFlags(
    root
      .command('gen')
      .description("write a scenario's traffic into a capture")
      .argument('<scenario>', 'YAML file'),
  )
    .requiredOption('--out <file.pcap>', 'the capture')
    .option('-q, --quiet', 'no progress')
    .action(perform(async () => (await import('./commands/gen.js')).gen));

  root
    .command('decode')
    .description('show the frames of a pcap or pcapng file')
    .argument('<file>', 'capture; - is standard input')
    .option('--json', 'one JSON object a frame, as where standard output is no terminal')
    .option('--no-json', 'a line a frame for people, as at a terminal')
    .action(perform(async () => (await import('./commands/decode.js')).decode));

  scenarioFlags(root.command('validate').description('check a scenario').argument('<scenario>', 'YAML file'))
    .option('--explain', 'show every effective value and where it came from')
    .option('--json [file]', 'as JSON, to standard output or a file')
    .action(perform(async () => (await import('./commands/validate.js')).validate));

  root
    .command('schema')
    .description('print the JSON Schema of scenarios, for editors')
    .action(perform(async () => (await import('./commands/schema.js')).schema));

  root
    .command('report')
    .description('print the report of a kept run again')
    .argument('<run>', 'folder of --out, or a run.pb')
    .option('--json [file]', 'as JSON, to standard output or a file')
    .option('--hdr [file]', 'its whole histograms, HdrHistogram V2 compressed in base64, as JSON by metric')
    .action(perform(async () => (await import('./commands/report.js')).report));

  root
    .command('calibrate')
    .description("measure this host's costs, for --costs")
    .option('--out <file>', 'write the profile there instead of to standard output')
    .action(perform(async () => (await import('./commands/calibrate.js')).calibrate));

  root
    .command('doctor')
    .description('say what works on this machine, and what would make the rest work')
    .option('--json', 'as JSON')
    .action(perform(async () => (await import('./commands/doctor.js')).doctor));

  root
    .command('ctl')
    .description('ask or tell a running device')
    .argument(
      '<command...>',
      'status, stats, reset, enable, disable, clear-connections, or config IP PORT udp|tcp [multicast GROUP]',
    )
    .option('--run <pid|dir>', 'of which run (default: the only one)')
    .option('--json', 'the answer as JSON')
    .action(perform(async () => (await import('./commands/ctl.js')).ctl));

  const nic = root.command('nic').description('the network interfaces of this machine');
  nic
    .command('list')
    .description('driver, queues, XDP modes, link, NUMA node and clocks of each')
    .option('--json', 'as JSON')
    .action(perform(async () => (await import('./commands/nic.js')).nicList));
  nic
    .command('restore')
    .description('put back the settings that killed runs have left changed')
    .option('--json', 'as JSON')
    .action(perform(async () => (await import('./commands/nic.js')).nicRestore));

  root
    .command('ebpf')
    .description('the eBPF virtual machine by itself')
    .command('exec')
    .description('run raw bytecode, given as hex on standard input, and print r0 as hex')
    .argument('[memory]', 'the same as --memory')
    .option('--memory <hex>', 'what r1 points to; r2 is its length')
    .option('--program <hex>', 'the bytecode, instead of standard input')
    .addOption(
      new Option('--cpu <version>', 'instructions that the program may use')
        .choices(['v1', 'v2', 'v3', 'v4'])
        .default('v4'),
    )
    .addOption(
      new Option('--engine <engine>', 'what runs it').choices(['interpreter', 'jit']).default('interpreter'),
    )
    .addOption(
      new Option('--jit', 'the same as --engine jit').implies({ engine: 'jit' }).conflicts('interpreter'),
    )
    .addOption(
      new Option('--interpreter', 'the same as --engine interpreter').implies({ engine: 'interpreter' }),
    )
    .option('--strict', "refuse also what the kernel's verifier refuses whatever the data")
    // What bpf_conformance's runner passes besides: an empty argument in the place of plug-in options, and these.
    .usage('[options] [memory]')
    .argument('[more...]', 'nothing but empty arguments, for runners that pass them')
    .addOption(new Option('--debug').hideHelp())
    .addOption(new Option('--elf').hideHelp())
    .addOption(new Option('--interpret').implies({ engine: 'interpreter' }).hideHelp())
    .action(perform(async () => (await import('./commands/ebpf.js')).ebpfExec));

  const classifier = root.command('classifier').description('eBPF classifiers, with and without the kernel');
  const objectFlags = (command: Command): Command =>
    command
      .option('--in <executors>', 'vm, jit, kernel, or several of them, separated by commas (default: vm)')
      .addOption(new Option('--type <type>', 'of programs whose section does not say').choices(['xdp', 'tc']))
      .option('--map <name=entries>', "a size instead of the object's own (repeatable)", names)
      .option('--stages <names>', 'programs for the slots of the prog_array, separated by commas')
      .option('--json [file]', 'as JSON, to standard output or a file');
  objectFlags(
    classifier
      .command('run')
      .description('send frames through a program, and compare executors frame by frame')
      .argument('<object>', 'eBPF object file'),
  )
    .option('--program <name>', 'the program (default: the one that is no stage)')
    .addOption(new Option('--frames <file.pcap>', 'frames of a capture').conflicts('random'))
    .option('--random <n>', 'so many random and mutated frames (default: 10000)', countOf)
    .option('--seed <n>', 'of the random frames', '1')
    .action(perform(async () => (await import('./commands/classifier-run.js')).classifierRun));
  objectFlags(
    classifier
      .command('test')
      .description('run tests that are data: frames in, verdicts, frames and map entries out')
      .argument('<file...>', 'test files'),
  ).action(perform(async () => (await import('./commands/classifier-test.js')).classifierTest));
  objectFlags(
    classifier
      .command('show')
      .description("list an object's programs, stages and maps, with sizes")
      .argument('<object>', 'eBPF object file'),
  ).action(perform(async () => (await import('./commands/classifier-show.js')).classifierShow));

  const loaderFlags = (command: Command): Command =>
    command
      .option('--on <if>', 'the interface, IF or IF@NETNS')
      .option('--pin <dir>', 'a folder in a BPF file system, where the classifier stays')
      .option('--program <name>', 'the entry (default: the program that is no stage)')
      .addOption(new Option('--type <type>', 'of programs whose section does not say').choices(['xdp', 'tc']))
      .option('--map <name=entries>', "a size instead of the object's own (repeatable)", names)
      .option('--stages <names>', 'programs for the slots of the prog_array, separated by commas');
  loaderFlags(
    classifier
      .command('load')
      .description('put a classifier on an interface, until Ctrl-C')
      .argument('<object>', 'eBPF object file'),
  )
    .addOption(
      new Option('--mode <mode>', 'default: native, else generic').choices([
        'native',
        'generic',
        'tc',
        'tcx',
      ]),
    )
    .option('--allow-interface <if>', 'also when it carries a default route', names)
    .option('--json [file]', "the stages' counters at the end, as JSON")
    .action(perform(async () => (await import('./commands/classifier-load.js')).classifierLoad));
  loaderFlags(
    classifier
      .command('swap')
      .description('replace a loaded classifier while frames flow')
      .argument('<object>', 'eBPF object file'),
  )
    .option('--slot <n>', 'replace this stage alone, by --program')
    .action(perform(async () => (await import('./commands/classifier-load.js')).classifierSwap));
  classifier
    .command('unload')
    .description('take a classifier off its interface')
    .option('--on <if>', 'the interface, IF or IF@NETNS')
    .option('--pin <dir>', 'where it is pinned')
    .action(perform(async () => (await import('./commands/classifier-load.js')).classifierUnload));

  root
    .command('bench')
    .description('measure ringbed itself on this machine')
    .argument('[name...]', 'only these benchmarks')
    .option('--json [file]', 'as JSON, to standard output or a file')
    .action(perform(async () => (await import('./commands/bench.js')).bench));

  for (const command of root.commands) command.showHelpAfterError(`  hint: ringbed ${command.name()} --help`);
  return root;
}
