/** `telar feedback agreement` */
import { Command } from 'commander';
import picocolors from 'picocolors';
import { agreementReport, type AgreementReport, type Estimate, readJudgements } from '../align/index.js';
import { summarizeProblems } from '../tune/index.js';

interface Flags {
  skipBad?: boolean;
  json?: boolean;
}

export function agreementCommand(): Command {
  return new Command('agreement')
    .description("how far annotators agree on the same pairs of answers: shares and Cohen's kappa, two at a time")
    .argument('<file...>', 'judgements as telar feedback writes them')
    .option('--skip-bad', 'leave out records that cannot be used, and say which')
    .option('--json', 'print one JSON document: {annotators: [...], agreement: [...]}')
    .addHelpText('after', '\nExample:\n  telar feedback agreement anna.jsonl ben.jsonl')
    .action(async (paths: string[], flags: Flags) => {
      const { judgements, problems } = await readJudgements(paths, { skipBad: flags.skipBad ?? false });
      for (const line of summarizeProblems(problems)) console.error(`left out: ${line}`);
      const report = agreementReport(judgements);
      if (flags.json) console.log(JSON.stringify(report));
      else show(report);
    });
}

function show({ annotators, agreement }: AgreementReport): void {
  const { cyan, dim } = picocolors;
  const wide = Math.max(9, ...annotators.map(({ name }) => name.length));
  console.log(dim(`${'annotator'.padEnd(wide)}  judged   ties`));
  for (const { name, judged, ties } of annotators)
    console.log(`${cyan(name.padEnd(wide))} ${String(judged).padStart(7)} ${String(ties).padStart(6)}`);
  if (agreement.length === 0) console.log('\nOne annotator alone agrees with nobody: give files of several.');
  else {
    const names = agreement.map(({ annotators }) => annotators.join(', '));
    const wide = Math.max(10, ...names.map(({ length }) => length));
    console.log(
      dim(`\n${'annotators'.padEnd(wide)} ${'pairs'.padStart(6)}  ${'agree'.padEnd(19)} ${"Cohen's kappa".padEnd(20)}`),
    );
    for (const [i, { pairs, observed, kappa }] of agreement.entries())
      console.log(
        `${cyan(names[i]!.padEnd(wide))} ${String(pairs).padStart(6)}  ${figure(observed).padEnd(19)} ${figure(kappa)}`,
      );
  }
}

/** A figure with its 95% interval. */
function figure(estimate: Estimate | null): string {
  if (!estimate) return '-';
  const { value, low, high } = estimate;
  return `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}
