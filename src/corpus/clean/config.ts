/** The cleaning section of `corpus.yaml`. `{}` is what we recommend for text from the web. */
import * as z from 'zod';
import { boilerplateOptions } from './boilerplate.js';
import { c4Options } from './c4.js';
import { decontaminateOptions } from './decontaminate.js';
import { finewebOptions } from './fineweb.js';
import { gopherQualityOptions } from './gopher-quality.js';
import { gopherRepetitionOptions } from './gopher-repetition.js';
import { languageOptions } from './language.js';
import { piiOptions } from './personal/index.js';
import { qualityOptions } from './quality.js';
import { switchable } from './step.js';
import { toxicityOptions } from './toxicity.js';
import { unicodeOptions } from './unicode.js';

/**
 * Every step in the order in which it is applied, whatever the order in the file. Characters come first, for all else reads
 * them. Lines are taken out before texts are measured, so that a good article is not judged by the menu around it. The
 * language comes before the rules that hold in some languages only; cheap rules before scorers, which then see fewer texts.
 * Test sets are compared before personal data is masked, for a mask would break their n-grams. Masking is last: it is
 * spent on kept texts only, and no rule measures placeholders.
 */
export const cleanConfigSchema = z.strictObject({
  unicode: switchable(unicodeOptions).prefault(true),
  boilerplate: switchable(boilerplateOptions).prefault(true),
  c4: switchable(c4Options).prefault(true),
  language: switchable(languageOptions).prefault(true),
  gopherRepetition: switchable(gopherRepetitionOptions).prefault(true),
  gopherQuality: switchable(gopherQualityOptions).prefault(true),
  fineweb: switchable(finewebOptions).prefault(true),
  quality: z.union([z.literal(false), qualityOptions]).prefault(false),
  toxicity: switchable(toxicityOptions).prefault(true),
  decontaminate: z.union([z.literal(false), decontaminateOptions]).prefault(false),
  pii: switchable(piiOptions).prefault(true),
});

export type CleanConfig = z.infer<typeof cleanConfigSchema>;
export type StepName = keyof CleanConfig;

/** In the order they are applied. */
export const stepNames = Object.keys(cleanConfigSchema.shape) as readonly StepName[];
