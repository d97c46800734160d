#!/usr/bin/env node
/** `telar`: one command a file; each parses its flags, calls the library and prints. */
import { Command, Option } from 'commander';
import { InputError, RunError } from '../io/errors.js';
import { version } from '../io/version.js';
import { configFlag, withConfigFile } from './config-file.js';

/** Commands by name. Only the one that is called is loaded, for some lean on much; help shows all. */
const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./start.js')).startCommand(),
  corpus: async () => (await import('./corpus.js')).corpusCommand(),
  pretrain: async () => (await import('./pretrain.js')).pretrainCommand(),
  tune: async () => (await import('./tune.js')).tuneCommand(),
  align: async () => (await import('./align.js')).alignCommand(),
  generate: async () => (await import('./generate.js')).generateCommand(),
  chat: async () => (await import('./chat.js')).chatCommand(),
  adapter: async () => (await import('./adapter.js')).adapterCommand(),
  tokenizer: async () => (await import('./tokenizer.js')).tokenizerCommand(),
  classify: async () => (await import('./classify.js')).classifyCommand(),
  embed: async () => (await import('./embed.js')).embedCommand(),
  label: async () => (await import('./label.js')).labelCommand(),
  extract: async () => (await import('./extract.js')).extractCommand(),
  inspect: async () => (await import('./inspect.js')).inspectCommand(),
  prompt: async () => (await import('./prompt.js')).promptCommand(),
  import: async () => (await import('./import.js')).importCommand(),
  bench: async () => (await import('./bench.js')).benchCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
};
// Whoever reads the output may have seen enough, as head has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const args = process.argv.slice(2);
const called = args.find((arg) => !arg.startsWith('-'));
const wanted = called !== undefined && Object.hasOwn(commands, called) ? [called] : Object.keys(commands);

const program = new Command('telar')
  .description('Build language models end to end on the machine you have.')
  .version(version)
  .option('--debug', 'print a stack trace when something fails')
  .enablePositionalOptions() // flags behind a command are its own, which matters where a command has both flags and subcommands
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });
if (!args.includes('--version') || called !== undefined)
  for (const name of wanted) program.addCommand(await commands[name]!());
for (const command of program.commands)
  for (const each of [command, ...command.commands]) {
    each.exitOverride(); // subcommands throw their usage errors too, so that all exits are decided below
    if (each.commands.length === 0) each.option(...configFlag);
    each.addOption(new Option('--debug').hideHelp());
  }

try {
  await program.parseAsync(withConfigFile(args), { from: 'user' });
} catch (error) {
  process.exitCode = exitCode(error);
}

/** 0 after help, 2 for bad usage or input, 1 for everything else; prints one line unless commander did. */
function exitCode(error: unknown): number {
  if (error instanceof Error && 'exitCode' in error && 'code' in error && String(error.code).startsWith('commander.'))
    return error.exitCode === 0 ? 0 : 2;
  const expected = error instanceof InputError || error instanceof RunError;
  const message = error instanceof Error ? error.message : String(error);
  console.error(`telar: ${message}`);
  if (args.includes('--debug') && error instanceof Error) console.error(error.stack);
  else if (!expected) console.error('This is a bug in telar; run again with --debug for the place.');
  return error instanceof InputError ? 2 : 1;
}
