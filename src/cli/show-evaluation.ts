/** How well a classifier does, as a table, a confusion matrix and a calibration plot. */
import picocolors from 'picocolors';
import type { Evaluation, Judgement } from '../classify/index.js';

const WIDTH = 40;

const figure = (value: number): string => (Number.isNaN(value) ? '-' : value.toFixed(3)).padStart(9);

const short = (value: number): string => figure(value).trim();

export function showEvaluation(evaluation: Evaluation): void {
  const { folds, texts, macroF1ByFold, macroF1OfMostProbable, weightedF1OfMostProbable } = evaluation;
  showJudgement(evaluation, `${folds}-fold cross-validation of ${texts} texts`, [
    `by fold: macro-F1 ${macroF1ByFold.map(short).join(', ')}`,
    `most probable label, without decision factors: macro-F1 ${short(macroF1OfMostProbable)}, weighted F1 ${short(weightedF1OfMostProbable)}`,
  ]);
}

/** @param remarks lines below the figures */
export function showJudgement(judgement: Judgement, title: string, remarks: readonly string[] = []): void {
  const { bold, cyan, dim } = picocolors;
  const { labels, confusion, macroF1, weightedF1, accuracy, ece } = judgement;
  const wide = Math.max(9, ...labels.map(({ label }) => label.length));
  const head = ['AUROC', 'precision', 'recall', 'F1', 'ECE'].map((name) => name.padStart(9)).join(' ');

  console.log(bold(title));
  console.log(dim(`  ${'label'.padEnd(wide)} ${'texts'.padStart(7)} ${head}`));
  for (const { label, support, auroc, precision, recall, f1, ece } of labels)
    console.log(
      `  ${cyan(label.padEnd(wide))} ${String(support).padStart(7)} ${[auroc, precision, recall, f1, ece].map(figure).join(' ')}`,
    );
  console.log(
    `\n  macro-F1 ${bold(short(macroF1))}  weighted F1 ${bold(short(weightedF1))}  accuracy ${short(accuracy)}  ECE ${short(ece)}`,
  );
  for (const remark of remarks) console.log(dim(`  ${remark}`));

  const cell = Math.max(8, ...labels.map(({ label }) => label.length + 1));
  console.log(bold('\nTrue label below, predicted label to the right'));
  console.log(dim(`  ${' '.repeat(wide)} ${labels.map(({ label }) => label.padStart(cell)).join('')}`));
  for (const [k, row] of confusion.entries())
    console.log(
      `  ${cyan(labels[k]!.label.padEnd(wide))} ${row.map((count, j) => (j === k ? bold(String(count).padStart(cell)) : String(count).padStart(cell))).join('')}`,
    );

  console.log(bold('\nCalibration: how often a predicted probability came true (│ where it should end)'));
  for (const { label, curve } of labels) {
    console.log(`  ${cyan(label)}`);
    for (const { from, to, count, predicted, observed } of curve) {
      const range = `${from.toFixed(1)}-${to.toFixed(1)}`;
      console.log(
        `  ${dim(range)} ${bar(observed, predicted)} ${observed.toFixed(2)} ${dim(`of ${count}, predicted ${predicted.toFixed(2)}`)}`,
      );
    }
  }
}

/** A bar as long as a share, with a mark where another share is. */
function bar(share: number, mark: number): string {
  const cells: string[] = Array.from({ length: WIDTH + 1 }, (_, i) => (i < Math.round(share * WIDTH) ? '█' : ' '));
  cells[Math.round(mark * WIDTH)] = '│';
  return cells.join('');
}
