{
  # One kernel source, compiled once for each instruction set; native/dispatch.cc picks one when the addon loads.
  "variables": {
    "kernel_flags": ["-std=c++17", "-O3", "-fno-math-errno", "-fno-trapping-math", "-fno-exceptions", "-fno-rtti", "-fvisibility=hidden", "-fPIC", "-Wall", "-Wextra", "-Wno-unused-function", "-Wno-psabi", "-Wno-ignored-attributes"]
  },
  "target_defaults": {
    "cflags_cc!": ["-fno-exceptions", "-std=gnu++17"],
    "cflags_cc": ["<@(kernel_flags)"],
    "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)"], "MACOSX_DEPLOYMENT_TARGET": "11.0" }
  },
  "conditions": [
    ["target_arch=='x64'", {
      "variables": { "kernel_libraries": ["kernels_sse2", "kernels_avx2", "kernels_avx512"] },
      "targets": [
        {
          "target_name": "kernels_sse2", "type": "static_library", "sources": ["native/kernels.cc"],
          "defines": ["TELAR_ISA=sse2"]
        },
        {
          "target_name": "kernels_avx2", "type": "static_library", "sources": ["native/kernels.cc"],
          "defines": ["TELAR_ISA=avx2"],
          "cflags_cc": ["-mavx2", "-mfma"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["-mavx2", "-mfma"] }
        },
        {
          "target_name": "kernels_avx512", "type": "static_library", "sources": ["native/kernels.cc"],
          "defines": ["TELAR_ISA=avx512"],
          "cflags_cc": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma", "-mprefer-vector-width=512"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma"] }
        }
      ]
    }, "target_arch=='arm64'", {
      "variables": { "kernel_libraries": ["kernels_neon"] },
      "targets": [
        {
          "target_name": "kernels_neon", "type": "static_library", "sources": ["native/kernels.cc"],
          "defines": ["TELAR_ISA=neon"]
        }
      ]
    }, {
      "variables": { "kernel_libraries": ["kernels_portable"] },
      "targets": [
        {
          "target_name": "kernels_portable", "type": "static_library", "sources": ["native/kernels.cc"],
          "defines": ["TELAR_ISA=portable"]
        }
      ]
    }]
  ],
  "targets": [
    {
      "target_name": "telar",
      "dependencies": ["<@(kernel_libraries)"],
      "sources": [
        "native/binding/module.cc", "native/binding/matrices.cc", "native/binding/attention.cc", "native/binding/norms.cc",
        "native/binding/rows.cc", "native/binding/elements.cc", "native/binding/hashes.cc",
        "native/binding/machine.cc", "native/binding/memory.cc", "native/dispatch.cc", "native/pool.cc"
      ],
      "defines": ["NAPI_VERSION=9"]
    }
  ]
}
