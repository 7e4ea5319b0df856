# tinysplit_library(<folder> [COLD | SEPARATE] [PARTS subfolder...] [PUBLIC lib...] [PRIVATE lib...]
#                   [PCH header...] [TOGETHER n])
# One static library for one folder of src/: tinysplit_<folder with _ for />, of all its .cpp files;
# a folder without any only gathers its PUBLIC libraries.
# COLD: no time to speak of is spent in it, so it is optimised only a little, which compiles in two
# thirds of the time. SEPARATE: the compiler sees each file by itself, so that its numbers and its speed
# do not hang on what stands in the others. TOGETHER: otherwise, so many at a time, see tinysplit_unity.
# What most files read of other libraries is precompiled: once for the COLD ones, in tinysplit_report,
# once for the others, in tinysplit_core; a folder that names headers has its own, with those besides.
set(TINYSPLIT_STANDARD_HEADERS
    <algorithm> <array> <cmath> <cstddef> <cstdint> <cstring> <functional> <limits> <map>
    <memory> <optional> <span> <string> <string_view> <unordered_map> <unordered_set> <utility>
    <variant> <vector> <nlohmann/json.hpp>)

function(tinysplit_library folder)
  cmake_parse_arguments(ARG "COLD;SEPARATE" "TOGETHER" "PARTS;PUBLIC;PRIVATE;PCH" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
  foreach(part ${ARG_PARTS})
    file(GLOB part_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/${part}/*.cpp)
    list(APPEND sources ${part_sources})
  endforeach()
  if(NOT sources)
    add_library(tinysplit_${name} INTERFACE)
    target_link_libraries(tinysplit_${name} INTERFACE ${ARG_PUBLIC})
    return()
  endif()
  add_library(tinysplit_${name} STATIC ${sources})
  target_include_directories(tinysplit_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(tinysplit_${name} PUBLIC ${ARG_PUBLIC} PRIVATE tinysplit_options ${ARG_PRIVATE})
  if(NOT ARG_SEPARATE)
    tinysplit_unity(tinysplit_${name} ${ARG_TOGETHER})
  endif()
  set(owner core)
  if(ARG_COLD)
    set(owner report)
    tinysplit_optimise(tinysplit_${name} -O1)
  endif()
  if(ARG_PCH OR folder STREQUAL owner)
    tinysplit_precompile(tinysplit_${name} ${ARG_PCH})
  else()
    tinysplit_precompile(tinysplit_${name} REUSE_FROM tinysplit_${owner})
  endif()
endfunction()

# tinysplit_unity(<target> [n]): compiles n files (8) at a time, which share what they instantiate of
# templates. So no two files of a target may have a helper of the same name.
function(tinysplit_unity target)
  if(NOT TINYSPLIT_UNITY)
    return()
  endif()
  set(batch 8)
  if(ARGN)
    set(batch ${ARGN})
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${batch})
  # GCC takes a source that is included for a header, where types without linkage are a mistake.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

# tinysplit_optimise(<target> <level>): of release builds, where the usual level is not worth its time.
function(tinysplit_optimise target level)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${target} PRIVATE ${level})
  endif()
endfunction()

# tinysplit_precompile(<target> [REUSE_FROM target | header...]): the standard headers and these, or
# those of another target, which is to be compiled with the same options: with others, GCC crashes.
function(tinysplit_precompile target)
  cmake_parse_arguments(ARG "" "REUSE_FROM" "" ${ARGN})
  if(NOT TINYSPLIT_PCH)
    return()
  endif()
  if(ARG_REUSE_FROM)
    target_precompile_headers(${target} REUSE_FROM ${ARG_REUSE_FROM})
  else()
    target_precompile_headers(${target} PRIVATE ${TINYSPLIT_STANDARD_HEADERS}
                              ${ARG_UNPARSED_ARGUMENTS})
  endif()
endfunction()

# tinysplit_test(<folder> lib...): one test program of tests/<folder>/*_test.cpp.
function(tinysplit_test folder)
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(tinysplit_${name}_test ${sources})
  target_include_directories(tinysplit_${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(tinysplit_${name}_test PRIVATE
      TINYSPLIT_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
      TINYSPLIT_BINARY="$<TARGET_FILE:tinysplit>")
  target_link_libraries(tinysplit_${name}_test PRIVATE tinysplit_options ${ARGN} GTest::gtest_main)
  tinysplit_unity(tinysplit_${name}_test)
  tinysplit_optimise(tinysplit_${name}_test -O0)
  if(folder STREQUAL core)
    tinysplit_precompile(tinysplit_core_test <gtest/gtest.h>)
  else()
    tinysplit_precompile(tinysplit_${name}_test REUSE_FROM tinysplit_core_test)
  endif()
  set(environment "")
  if(TINYSPLIT_SANITIZE MATCHES thread)
    set(environment ENVIRONMENT
        "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.suppressions")
  endif()
  gtest_discover_tests(tinysplit_${name}_test
      PROPERTIES TIMEOUT 300 ${environment}
      DISCOVERY_TIMEOUT 120)
endfunction()
