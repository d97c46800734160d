/** The model card that `telar classify train` writes: what a classifier was made from and how good it is. */
import type { Evaluation } from './evaluate.js';

export interface CardFacts {
  /** Name of the data's file. */
  data: string;
  /** Hexadecimal SHA-256 of that file. */
  dataSha256: string;
  /** Texts of each label. */
  counts: readonly { label: string; texts: number }[];
  /** The command or script that makes the same folder again. */
  madeBy: string;
  evaluation: Evaluation | null;
}

const figure = (value: number): string => (Number.isNaN(value) ? 'none' : value.toFixed(3));

/** Markdown tables of an evaluation. */
export function evaluationTables({ labels, confusion, folds, ...all }: Evaluation): string {
  const rows = labels.map(
    (each) =>
      `| ${each.label} | ${each.support} | ${[each.auroc, each.precision, each.recall, each.f1, each.ece].map(figure).join(' | ')} |`,
  );
  const matrix = labels.map(({ label }, k) => `| ${label} | ${confusion[k]!.join(' | ')} |`);
  return [
    `${folds}-fold cross-validation on ${all.texts} texts; equal texts never stand in two folds. Calibration and decision are`,
    'fitted inside the fold.',
    '',
    '| label | texts | AUROC | precision | recall | F1 | calibration error |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `Macro-F1 ${figure(all.macroF1)}, weighted F1 ${figure(all.weightedF1)}, accuracy ${figure(all.accuracy)}. With the most probable`,
    `label as prediction, without the decision factors: macro-F1 ${figure(all.macroF1OfMostProbable)}, weighted F1`,
    `${figure(all.weightedF1OfMostProbable)}. Calibration error of the most probable label: ${figure(all.ece)}.`,
    '',
    `| true label, below; predicted, right | ${labels.map(({ label }) => label).join(' | ')} |`,
    `| --- | ${labels.map(() => '---').join(' | ')} |`,
    ...matrix,
  ].join('\n');
}

/** The card of a classifier of the user's own. */
export function modelCard({ data, dataSha256, counts, madeBy, evaluation }: CardFacts): string {
  return `# Text classifier: ${counts.map(({ label }) => label).join(', ')}

Multinomial logistic regression on hashed words, pairs of words and character n-grams, trained by Telar.

## Data

\`${data}\`, sha256 \`${dataSha256}\`: ${counts.map(({ label, texts }) => `${texts} ${label}`).join(', ')}.
Licence and origin of the data: not stated; add them here before passing the classifier on.

## Figures

${evaluation ? evaluationTables(evaluation) : 'Not measured: it was trained with `--folds 0`.'}

## Limits

It knows the words of its data and little else: texts of another kind, time or language score unreliably. Probabilities are
calibrated for texts drawn like the data.

## Made by

\`\`\`
${madeBy}
\`\`\`
`;
}
