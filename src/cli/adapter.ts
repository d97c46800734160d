/** `telar adapter merge|show` */
import { Command, Option } from 'commander';
import { mergeFolder } from '../generate/index.js';
import { describeAdapter } from '../model/index.js';

interface MergeFlags {
  model: string;
  adapter: string;
  out: string;
  dtype: 'f32' | 'bf16';
  json?: boolean;
}

export function adapterCommand(): Command {
  return new Command('adapter')
    .description('look at adapters, or make them part of a model')
    .addCommand(mergeCommand())
    .addCommand(showCommand());
}

function mergeCommand(): Command {
  return new Command('merge')
    .description('write a model directory with an adapter merged into its weights')
    .requiredOption('--model <dir>', 'model directory')
    .requiredOption('--adapter <dir>', "adapter's folder: LoRA or DoRA")
    .requiredOption('--out <dir>', 'model directory to write')
    .addOption(new Option('--dtype <type>', 'element type of the weights').choices(['f32', 'bf16']).default('f32'))
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  telar adapter merge --model models/base --adapter runs/polite/final --out models/polite',
    )
    .action(({ model, adapter, out, dtype, json }: MergeFlags) => {
      mergeFolder(model, adapter, out, { dtype });
      console.log(json ? JSON.stringify({ out, model, adapter, dtype }) : `${out}: ${model} with ${adapter} in it`);
    });
}

function showCommand(): Command {
  return new Command('show')
    .description('what an adapter is, as its own files say')
    .argument('<dir>', "adapter's folder")
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  telar adapter show runs/polite/final')
    .action((folder: string, flags: { json?: boolean }) => {
      const { config, parameters, tensors } = describeAdapter(folder);
      if (flags.json) {
        console.log(JSON.stringify({ ...config, parameters, tensors: Object.fromEntries(tensors) }));
        return;
      }
      const lines: [string, string][] = [
        ['method', config.kind === 'lora' && config.lora.dora ? 'lora (dora)' : config.kind],
        ['base model', config.baseModel ?? 'not named'],
        ['parameters', parameters.toLocaleString('en')],
      ];
      if (config.kind === 'lora') {
        const { rank, alpha, rslora } = config.lora;
        lines.push(['rank', String(rank)], ['alpha', `${alpha}${rslora ? ' over the root of the rank' : ''}`]);
        lines.push(['targets', [config.targetModules].flat().join(', ')]);
        if (config.modulesToSave.length > 0) lines.push(['whole modules', config.modulesToSave.join(', ')]);
      } else lines.push(['virtual tokens', String(config.virtualTokens)]);
      for (const [name, value] of lines) console.log(`${name.padEnd(15)}${value}`);
    });
}
