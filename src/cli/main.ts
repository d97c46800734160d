#!/usr/bin/env node
/** `telar`: one command a file; each parses its flags, calls the library and prints. */
import { Command } from 'commander';
import { InputError, RunError } from '../io/errors.js';
import { version } from '../io/version.js';
import { benchCommand } from './bench.js';
import { chatCommand } from './chat.js';
import { corpusCommand } from './corpus.js';
import { classifyCommand } from './classify.js';
import { configFlag, withConfigFile } from './config-file.js';
import { doctorCommand } from './doctor.js';
import { generateCommand } from './generate.js';
import { importCommand } from './import.js';
import { inspectCommand } from './inspect.js';
import { pretrainCommand } from './pretrain.js';
import { startCommand } from './start.js';
import { tokenizerCommand } from './tokenizer.js';

const program = new Command('telar')
  .description('Build language models end to end on the machine you have.')
  .version(version)
  .option('--debug', 'print a stack trace when something fails')
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .addCommand(startCommand())
  .addCommand(corpusCommand())
  .addCommand(pretrainCommand())
  .addCommand(generateCommand())
  .addCommand(chatCommand())
  .addCommand(tokenizerCommand())
  .addCommand(classifyCommand())
  .addCommand(inspectCommand())
  .addCommand(importCommand())
  .addCommand(benchCommand())
  .addCommand(doctorCommand());
for (const command of program.commands)
  for (const each of [command, ...command.commands]) {
    each.exitOverride(); // subcommands throw their usage errors too, so that all exits are decided below
    if (each.commands.length === 0) each.option(...configFlag);
  }

try {
  await program.parseAsync(withConfigFile(process.argv.slice(2)), { from: 'user' });
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
  if (program.opts<{ debug?: boolean }>().debug && error instanceof Error) console.error(error.stack);
  else if (!expected) console.error('This is a bug in telar; run again with --debug for the place.');
  return error instanceof InputError ? 2 : 1;
}
