/** Measurements that print the machine's limit beside the result. */
export { benchDecode, type DecodeResult } from './decode.js';
export { benchGemm, type GemmResult } from './gemm.js';
export { type BenchShape, defaultShape } from './shape.js';
export { benchTrain, type TrainResult } from './train.js';
export { benchTune, type TuneMethod, type TuneResult, tuneShape } from './tune.js';
