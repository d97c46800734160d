/** Questions about given texts: the passages nearest to the question by embedding, then an answer from them. */
import { answerTasks, type Respondent, roomFor, type Task, taskTokens } from './ask.js';
import { centred, embedTexts, meanOf, nearestEmbeddings } from './embed.js';
import { passagesOf } from './passages.js';

export interface AnswerOptions {
  /** Tokens of a passage. Default an eighth of the context. */
  passageTokens?: number;
  /** Most tokens of an answer. Default an eighth of the context, at most 128. */
  maxTokens?: number;
  temperature?: number;
  seed?: number;
}

export interface Answer {
  text: string;
  /** What the model was shown, in the order of the texts. */
  passages: { text: number; passage: string }[];
}

/** A set of texts that questions are asked about; their passages are embedded once. */
export class Reader {
  private readonly respondent: Respondent;
  private readonly options: AnswerOptions;
  private readonly passages: readonly { text: number; passage: string }[];
  private readonly mean: Float32Array;
  private readonly embeddings: readonly Float32Array[];

  private constructor(
    respondent: Respondent,
    options: AnswerOptions,
    passages: Reader['passages'],
    raw: readonly Float32Array[],
  ) {
    this.respondent = respondent;
    this.options = options;
    this.passages = passages;
    this.mean = meanOf(raw);
    this.embeddings = centred(raw, this.mean);
  }

  static async of(respondent: Respondent, texts: readonly string[], options: AnswerOptions = {}): Promise<Reader> {
    const size = options.passageTokens ?? Math.max(8, Math.floor(respondent.model.config.context / 8));
    const passages = texts.flatMap((text, i) =>
      passagesOf(text, respondent.tokenizer, size).map((passage) => ({ text: i, passage: passage.trim() })),
    );
    const raw = await embedTexts(
      respondent,
      passages.map(({ passage }) => passage),
    );
    return new Reader(respondent, options, passages, raw);
  }

  /** The passages nearest to a question, best first. */
  async nearest(question: string, count: number): Promise<{ text: number; passage: string; cosine: number }[]> {
    return (await this.rank(question, count)).map(({ index, cosine }) => ({ ...this.passages[index]!, cosine }));
  }

  /**
   * An answer from as many of the nearest passages as fit the context.
   * @throws InputError when the question leaves no room
   */
  async answer(question: string): Promise<Answer> {
    const { passageTokens: _, ...sampling } = this.options;
    const { respondent } = this;
    const maxTokens = sampling.maxTokens ?? Math.min(128, Math.floor(respondent.model.config.context / 8));
    const room = roomFor(respondent, maxTokens);
    const task = (passages: Answer['passages']): Task => ({
      instruction: 'Answer the question from the passages below, in a few words. Say so if they do not tell.',
      content: `${passages.map(({ passage }) => passage).join('\n\n')}\n\nQuestion: ${question}`,
      cue: 'Answer:',
    });
    const chosen: number[] = [];
    const inOrder = (): Answer['passages'] => [...chosen].sort((a, b) => a - b).map((index) => this.passages[index]!);
    for (const { index } of await this.rank(question, this.passages.length)) {
      chosen.push(index);
      if (taskTokens(respondent, task(inOrder())).length <= room) continue;
      chosen.pop();
      break;
    }
    const passages = inOrder();
    const [text] = await answerTasks(respondent, [task(passages)], { ...sampling, maxTokens });
    return { text: text!.trim(), passages };
  }

  private async rank(question: string, count: number): Promise<{ index: number; cosine: number }[]> {
    const query = centred(await embedTexts(this.respondent, [question]), this.mean)[0]!;
    return nearestEmbeddings(query, this.embeddings, count);
  }
}
