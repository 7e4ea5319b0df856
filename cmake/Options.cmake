option(TINYSPLIT_TESTS "Build the tests" ON)
option(TINYSPLIT_BENCHMARKS "Build the benchmarks" ON)
option(TINYSPLIT_FUZZERS "Build the libFuzzer targets (clang only)" OFF)
option(TINYSPLIT_ASSERTIONS "Keep assert() in optimised builds" OFF)
option(TINYSPLIT_PCH "Use precompiled headers" ON)
option(TINYSPLIT_UNITY "Compile several sources of a folder at a time" ON)
set(TINYSPLIT_SANITIZE "" CACHE STRING "Value of -fsanitize, empty for none")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need the sloppiness; see "Precompiled headers" in the manual of ccache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE})
endif()

add_library(tinysplit_options INTERFACE)
target_compile_options(tinysplit_options INTERFACE -Wall -Wextra -Wshadow -Wconversion
                       -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # ccache and precompiled headers agree only with -fpch-preprocess. GCC 12's -Wrestrict,
  # -Wstringop-overflow and -Warray-bounds warn of its own std::string (GCC bugs 105651, 105329).
  target_compile_options(tinysplit_options INTERFACE -fpch-preprocess -Wno-restrict
                         -Wno-stringop-overflow -Wno-array-bounds)
endif()
if(TINYSPLIT_ASSERTIONS)
  target_compile_options(tinysplit_options INTERFACE -UNDEBUG)
endif()
if(TINYSPLIT_SANITIZE)
  add_compile_options(-fsanitize=${TINYSPLIT_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  if(NOT TINYSPLIT_FUZZERS)
    # Instrumented code takes GCC half as long again to compile at -O2 -g.
    add_compile_options(-O1 -g1)
  endif()
  add_link_options(-fsanitize=${TINYSPLIT_SANITIZE})
endif()
if(TINYSPLIT_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
