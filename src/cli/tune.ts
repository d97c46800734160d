/** `telar tune` */
import { Command } from 'commander';
import { tunePreviewCommand } from './tune-preview.js';

export function tuneCommand(): Command {
  return new Command('tune').description('make a model follow instructions').addCommand(tunePreviewCommand());
}
