// The kernel set for one instruction set, TELAR_ISA. Built several times; see binding.gyp.
#include "kernels.h"

#include "attention.h"
#include "elementwise.h"
#include "gemm.h"
#include "head.h"
#include "measure.h"
#include "minhash.h"
#include "norm.h"
#include "rows.h"

#define TELAR_TEXT_(x) #x
#define TELAR_TEXT(x) TELAR_TEXT_(x)

namespace telar {
namespace TELAR_ISA {

extern const Kernels table;
const Kernels table = {
    TELAR_TEXT(TELAR_ISA), kWidth, gemm, attentionForward, attentionBackward, rmsNormForward, rmsNormBackward,
    layerNormForward, layerNormBackward, rope, embeddingForward, embeddingBackward, copyRows, logProbs, logProbsBackward,
    largest, expSums, adamw, sumSquares, total, columnSums, segmentSums, unary, unaryBackward, binary, affine, fill, minHash, fmaPeak,
    readBandwidth,
};

}  // namespace TELAR_ISA
}  // namespace telar
