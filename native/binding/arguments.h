// Reads and checks the arguments of one call from JavaScript. The first failure throws a RangeError or TypeError there
// and sets `failed`; the caller then returns without touching memory.
#pragma once
#include <node_api.h>
#include <stdint.h>
#include <stdio.h>

namespace telar {

class Arguments {
 public:
  static constexpr size_t kMost = 32;
  bool failed = false;

  Arguments(napi_env env, napi_callback_info info, const char* function) : env_(env), function_(function) {
    count_ = kMost;
    napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
  }

  // A size or offset: a whole number in [least, 2^40].
  int64_t size(const char* name, int64_t least = 0) {
    const double value = number(name);
    if (failed) return 0;
    if (!(value >= (double)least && value <= 1099511627776.0) || value != (double)(int64_t)value) {
      fail(name, "must be a whole number and at least %lld", least);
      return 0;
    }
    return (int64_t)value;
  }

  double number(const char* name) {
    double value = 0;
    if (!failed && (next_ >= count_ || napi_get_value_double(env_, values_[next_], &value) != napi_ok)) fail(name, "must be a number", 0);
    next_++;
    return value;
  }

  bool boolean(const char* name) {
    bool value = false;
    if (!failed && (next_ >= count_ || napi_get_value_bool(env_, values_[next_], &value) != napi_ok)) fail(name, "must be true or false", 0);
    next_++;
    return value;
  }

  // Absent means false.
  bool optionalBoolean(const char* name) {
    if (next_ < count_) return boolean(name);
    next_++;
    return false;
  }

  // An array whose needed length is known only later: remember it, then call check().
  template <typename T>
  struct Array {
    T* data = nullptr;
    int64_t length = 0;
    const char* name = "";
  };
  Array<float> floats(const char* name) { return array<float>(name, napi_float32_array, false); }
  Array<float> optionalFloats(const char* name) { return array<float>(name, napi_float32_array, true); }
  Array<int32_t> integers(const char* name) { return array<int32_t>(name, napi_int32_array, false); }

  // Floats, or bfloat16 in a Uint16Array; exactly one of the two has data.
  struct Weights {
    Array<float> floats;
    Array<uint16_t> halves;
  };
  Weights weights(const char* name) {
    Weights result;
    napi_typedarray_type type = napi_float32_array;
    if (next_ < count_ && napi_get_typedarray_info(env_, values_[next_], &type, nullptr, nullptr, nullptr, nullptr) == napi_ok &&
        type == napi_uint16_array)
      result.halves = array<uint16_t>(name, napi_uint16_array, false);
    else result.floats = array<float>(name, napi_float32_array, false);
    return result;
  }

  // Fails unless the array holds `needed` elements. A null optional array passes.
  template <typename T>
  T* check(const Array<T>& a, int64_t needed) {
    if (!failed && a.data && a.length < needed) {
      char text[160];
      snprintf(text, sizeof text, "%s: %s needs %lld elements, has %lld", function_, a.name, (long long)needed, (long long)a.length);
      napi_throw_range_error(env_, nullptr, text);
      failed = true;
    }
    return a.data;
  }
  // The same for `rows` rows of `width` floats, `stride` apart, the first at `offset`.
  float* checkRows(const Array<float>& a, int64_t offset, int64_t rows, int64_t stride, int64_t width) {
    if (!failed && a.data && stride < width) fail(a.name, "has a stride below its width", 0);
    check(a, rows == 0 ? 0 : offset + (rows - 1) * stride + width);
    return failed || !a.data ? nullptr : a.data + offset;
  }
  // Fails unless every element lies in [low, high).
  void checkRange(const Array<int32_t>& a, int64_t count, int64_t low, int64_t high) {
    for (int64_t i = 0; !failed && i < count; i++)
      if (a.data[i] < low || a.data[i] >= high) {
        char text[160];
        snprintf(text, sizeof text, "%s: %s[%lld] is %d, outside [%lld, %lld)", function_, a.name, (long long)i, a.data[i],
                 (long long)low, (long long)high);
        napi_throw_range_error(env_, nullptr, text);
        failed = true;
      }
  }

  void fail(const char* name, const char* what, long long value) {
    if (failed) return;
    char reason[96], text[200];
    snprintf(reason, sizeof reason, what, value);
    snprintf(text, sizeof text, "%s: %s %s", function_, name, reason);
    napi_throw_type_error(env_, nullptr, text);
    failed = true;
  }

  napi_value value() { return next_ < count_ ? values_[next_++] : nullptr; }

 private:
  template <typename T>
  Array<T> array(const char* name, napi_typedarray_type wanted, bool optional) {
    Array<T> result;
    result.name = name;
    const size_t i = next_++;
    if (failed) return result;
    if (optional) {
      napi_valuetype type = napi_undefined;
      if (i < count_) napi_typeof(env_, values_[i], &type);
      if (type == napi_null || type == napi_undefined) return result;
    }
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    if (i >= count_ || napi_get_typedarray_info(env_, values_[i], &type, &length, &data, nullptr, nullptr) != napi_ok || type != wanted) {
      fail(name, wanted == napi_float32_array ? "must be a Float32Array" : "must be an Int32Array", 0);
      return result;
    }
    // An empty array has no address; null means "absent" here, so give it one.
    static T nothing[1];
    result.data = data ? static_cast<T*>(data) : nothing;
    result.length = (int64_t)length;
    return result;
  }

  napi_env env_;
  const char* function_;
  napi_value values_[kMost];
  size_t count_ = 0, next_ = 0;
};

}  // namespace telar
