/** The work that is done on threads, told apart by `kind`. Tasks and results are plain data. */
import { findDuplicates, type Duplicates, type DedupOptions } from '../dedup/index.js';
import { type CleanedUnit, type CleanTask, cleanUnit } from './clean-unit.js';
import { type EncodedShard, encodeShard, type EncodeTask } from './encode-shard.js';

export interface DedupTask {
  kind: 'dedup';
  files: string[];
  options: DedupOptions;
  workFolder: string;
}

export type Task = CleanTask | DedupTask | EncodeTask;

/** What a task of each kind gives. */
export interface Results {
  clean: CleanedUnit;
  dedup: Duplicates;
  encode: EncodedShard;
}

/** @param onProgress told how much more was done since the last call */
export async function runTask(task: Task, onProgress: (more: number) => void): Promise<Results[Task['kind']]> {
  switch (task.kind) {
    case 'clean':
      return cleanUnit(task, onProgress);
    case 'dedup': {
      let before = 0;
      return findDuplicates(task.files, {
        ...task.options,
        workFolder: task.workFolder,
        onProgress: (done) => {
          onProgress(done - before);
          before = done;
        },
      });
    }
    case 'encode':
      return encodeShard(task, onProgress);
  }
}
