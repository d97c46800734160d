// The kernel set: every function the engine can call, as one table per instruction set.
// All matrices are row-major float32, or bfloat16 where a comment says so; leading dimensions and row strides count elements. Shapes are checked by the binding.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace telar {

// What happens to an element of A*B on its way to C. `bias` is added first where it is given.
enum Epilogue : int32_t {
  kPlain = 0,
  kResidual = 1,      // C = product + aux1
  kGelu = 2,          // out2 = product, C = gelu(product)
  kGeluGrad = 3,      // C = product * gelu'(aux1)
  kSiluGate = 4,      // out2 = product, C = silu(aux1) * product
  kSiluGateGrad = 5,  // C = product * aux2 * silu'(aux1), out2 = product * silu(aux1)
};

// C[m,n] = epilogue(alpha * (op(A)[m,k] * op(B)[k,n] + lowA[m,low] * lowB[low,n]) + beta * C + bias[n]). aux1, aux2 and out2 are [m,n] with C's stride.
struct Gemm {
  bool transposeA, transposeB;
  int64_t m, n, k;
  const float* a;
  int64_t lda;
  const float* b;
  // B in bfloat16, in place of `b`: it is decoded on its way into the registers' panels, and the sums are those of the
  // decoded matrix to the bit.
  const uint16_t* b16;
  int64_t ldb;
  float* c;
  int64_t ldc;
  float alpha, beta;
  Epilogue epilogue;
  // The product is known to be symmetric (m = n, no epilogue): only its lower half is computed, then mirrored.
  bool symmetric;
  const float* bias;
  const float *aux1, *aux2;
  float* out2;
  // A low-rank addition to the product: lowA[m,low] * lowB[low,n], both in rows without gaps. Null where there is none.
  int64_t low;
  const float *lowA, *lowB;
};

// Causal attention over packed sequences. Query i of sequence s sits at position keyLength - queryLength + i, sees keys
// up to itself and, with window > 0, only the last `window` of them. Query row r begins at q + r * qStride; its head h
// at h * headDim. Key row likewise. logSumExp is [heads, queryRows].
struct Attention {
  int64_t sequences, heads, kvHeads, headDim, window, queryRows;
  const int32_t *queryStart, *queryLength, *keyStart, *keyLength;
  const float *q, *k, *v;
  int64_t qStride, kStride, vStride;
  float scale;
  float* out;
  int64_t outStride;
  float* logSumExp;  // null when no backward will follow
  // backward only
  const float* dOut;
  int64_t dOutStride;
  float *dq, *dk, *dv;
  int64_t dqStride, dkStride, dvStride;
};

enum Unary : int32_t { kExp, kLog, kSigmoid, kLogSigmoid, kTanh, kRelu, kGeluOp, kSilu, kSquare, kReciprocal, kSqrt, kAbs };
enum Binary : int32_t { kAdd, kSub, kMul, kDiv, kMin, kMax };

struct Kernels {
  const char* name;
  int width;
  void (*gemm)(const Gemm&);
  void (*attentionForward)(const Attention&);
  void (*attentionBackward)(const Attention&);
  // Norms over rows of `width`. `stats` holds one (RMS: 1/rms) or two (layer: mean, 1/std) floats a row.
  void (*rmsNormForward)(const float* x, int64_t xStride, const float* weight, float* y, int64_t yStride, float* stats,
                         int64_t rows, int64_t width, int64_t groups, float eps);
  void (*rmsNormBackward)(const float* x, int64_t xStride, const float* weight, const float* stats, const float* dy,
                          int64_t dyStride, float* dx, int64_t dxStride, float* dWeight, int64_t rows, int64_t width,
                          int64_t groups, bool accumulateX);
  void (*layerNormForward)(const float* x, const float* weight, const float* bias, float* y, float* stats, int64_t rows,
                           int64_t width, float eps);
  void (*layerNormBackward)(const float* x, const float* weight, const float* stats, const float* dy, float* dx,
                            float* dWeight, float* dBias, int64_t rows, int64_t width, bool accumulateX);
  void (*rope)(float* x, int64_t stride, int64_t rows, const int32_t* positions, int64_t heads, int64_t headDim,
               const float* cosine, const float* sine, bool interleaved, bool inverse);
  // The rows of `table`, or of `table16` in bfloat16 where that is not null.
  void (*embeddingForward)(const float* table, const uint16_t* table16, const int32_t* ids, int64_t rows, int64_t width,
                           float* out, bool accumulate);
  void (*embeddingBackward)(const float* dOut, const int32_t* ids, int64_t rows, int64_t width, float* dTable);
  void (*copyRows)(const float* source, int64_t sourceStride, float* target, int64_t targetStride, const int32_t* targetRow,
                   int64_t rows, int64_t width);
  // Per row of logits [rows, vocab]: log-sum-exp, log-probability of target (0 for target -1), entropy (where not null).
  void (*logProbs)(const float* logits, int64_t rows, int64_t vocab, const int32_t* targets, float* logSumExp,
                   float* logProb, float* entropy);
  // In place: logits become d(upstream . logProb + upstreamEntropy . entropy)/d logits.
  void (*logProbsBackward)(float* logits, int64_t rows, int64_t vocab, const int32_t* targets, const float* logSumExp,
                           const float* entropy, const float* upstream, const float* upstreamEntropy);
  int64_t (*largest)(const float* x, int64_t n);
  // sums[b] = sum of e^((x[i] - shift) * scale) over the b-th `block` of x.
  void (*expSums)(const float* x, int64_t n, float shift, float scale, int64_t block, float* sums);
  void (*adamw)(float* weight, const float* grad, float* m, float* v, int64_t n, float learningRate, float beta1, float beta2,
                float eps, float weightDecay, float gradScale, float correction1, float correction2);
  double (*sumSquares)(const float* x, int64_t n);
  double (*total)(const float* x, int64_t n);
  void (*columnSums)(const float* x, int64_t stride, int64_t rows, int64_t width, float* out, bool accumulate);
  void (*segmentSums)(const float* x, const int32_t* starts, int64_t segments, float* out);
  void (*unary)(Unary op, const float* x, float* y, int64_t n);
  // dx (+)= dy * f'(x)
  void (*unaryBackward)(Unary op, const float* x, const float* dy, float* dx, int64_t n, bool accumulate);
  void (*binary)(Binary op, const float* a, const float* b, float* c, int64_t n);
  // y = alpha * x + beta * y + gamma
  void (*affine)(const float* x, float* y, int64_t n, float alpha, float beta, float gamma);
  void (*fill)(float* x, int64_t n, float value);
  // minima[l] = min(minima[l], multipliers[l] * values[i] + offsets[l] mod 2^32) over all i; lanes a multiple of 16.
  void (*minHash)(const uint32_t* values, int64_t count, const uint32_t* multipliers, const uint32_t* offsets,
                  uint32_t* minima, int64_t lanes);
  // GFLOP/s of fused multiply-adds on all threads, and GB/s of reading `n` floats at x, both over about `milliseconds`.
  double (*fmaPeak)(double milliseconds);
  double (*readBandwidth)(const float* x, int64_t n, double milliseconds);
};

// Candidates in order of preference; null where this build or this processor lacks one.
const Kernels* kernelsNamed(const char* name);
const Kernels& kernels();
// Switches to another instruction set (tests and measurements). False when it is not available here.
bool selectKernels(const char* name);

}  // namespace telar
